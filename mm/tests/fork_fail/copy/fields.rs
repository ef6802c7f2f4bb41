// SPDX-License-Identifier: GPL-2.0

//! How a structure of the child is compared with the parent's: byte by byte, but for a table of
//! fields.

use core::ops::Range;

/// Tells what a field is and what it has to be.
pub(super) type Judge<Of> = fn(&Of) -> (isize, isize);

/// A field that need not be as in the parent.
pub(super) struct Field<Of> {
    pub(super) name: &'static str,
    pub(super) bytes: Range<usize>,
    /// None if it may be anything.
    pub(super) judge: Option<Judge<Of>>,
}

/// What is wrong with a copy.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// A field, what it is, and what it has to be.
    Field(&'static str, isize, isize),
    /// A byte that is in none of the fields, and differs from the parent's.
    Byte(usize, u8, u8),
    /// The child has no VMA there, or one that was not to be copied.
    Missing,
}

/// A structure that a fork has copied.
///
/// # Safety
///
/// The two pointers are valid.
pub(super) unsafe trait Compared: Sized + 'static {
    type Structure;

    /// The fields that need not be equal: of all kernels, and of this one.
    const FIELDS: &'static [&'static [Field<Self>]];

    fn child(&self) -> *mut Self::Structure;

    fn parent(&self) -> *const Self::Structure;

    fn fields() -> impl Iterator<Item = &'static Field<Self>> {
        Self::FIELDS.iter().copied().flatten()
    }

    /// Returns the bytes that are in no field: they are compared.
    fn compared() -> impl Iterator<Item = usize> {
        (0..size_of::<Self::Structure>())
            .filter(|byte| !Self::fields().any(|field| field.bytes.contains(byte)))
    }

    /// Returns where a byte of the child is.
    fn byte_at(&self, byte: usize) -> *mut u8 {
        self.child().cast::<u8>().wrapping_add(byte)
    }

    /// Returns the first byte that differs and is in no field.
    fn wrong_byte(&self) -> Option<Wrong> {
        let differs = |byte: &usize| {
            let parents = self.parent().cast::<u8>().wrapping_add(*byte);

            // SAFETY: `byte` is within both. Padding may be read so: it is not assumed to have any
            // value.
            let (is, wanted) =
                unsafe { (self.byte_at(*byte).read_volatile(), parents.read_volatile()) };
            (is != wanted).then_some(Wrong::Byte(*byte, is, wanted))
        };

        // Few bytes differ, and it takes long to look whether one is in a field.
        (0..size_of::<Self::Structure>())
            .filter_map(|byte| differs(&byte))
            .find(|wrong| {
                let Wrong::Byte(byte, ..) = wrong else {
                    return true;
                };

                !Self::fields().any(|field| field.bytes.contains(byte))
            })
    }

    /// Returns the first field that is not as it has to be.
    fn wrong_field(&self) -> Option<Wrong> {
        Self::fields().find_map(|field| {
            let (is, wanted) = field.judge?(self);

            (is != wanted).then_some(Wrong::Field(field.name, is, wanted))
        })
    }
}

/// A table of fields of a structure. `a.b: |copy| is => wanted;` is the field `b`, what it is, and
/// what it has to be. `b;` may be anything.
///
/// The two are unsafe code: the pointers of `copy` are valid.
macro_rules! table {
    ($copy:ty, $of:ty {
        $($(#[$attr:meta])* $($field:ident).+ $(: |$c:ident| $is:expr => $wanted:expr)?;)*
    }) => {
        &[$(
            $(#[$attr])*
            Field {
                name: table!(@name $($field).+),
                bytes: table!(@bytes $of, $($field).+),
                judge: table!(@judge $copy $(, $c, $is, $wanted)?),
            },
        )*]
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $first:ident.$($field:ident).+) => { table!(@name $($field).+) };
    (@bytes $of:ty, $($field:ident).+) => {{
        let of = core::mem::MaybeUninit::<$of>::uninit();
        let start = core::mem::offset_of!($of, $($field).+);

        // SAFETY: The field is within `of`, and is not read.
        let field = unsafe { core::ptr::addr_of!((*of.as_ptr()).$($field).+) };
        start..start + crate::copy::fields::size_of_pointee(field)
    }};
    (@judge $copy:ty) => { None };
    (@judge $copy:ty, $c:ident, $is:expr, $wanted:expr) => {
        Some(|$c: &$copy| {
            #[allow(unused_unsafe)]
            // SAFETY: The pointers of a copy are valid. Not every field needs that.
            let judged = unsafe { ($is.value(), $wanted.value()) };

            judged
        })
    };
}

pub(super) use table;

pub(super) const fn size_of_pointee<T>(_: *const T) -> usize {
    size_of::<T>()
}
