struct mm { unsigned long total; int count; };
#define EINTR 4
#define PAGE_SIZE 4096
#define unlikely(x) __builtin_expect(!!(x), 0)
#define for_each(i) while ((i = next(i)) != 0)
int write_lock(struct mm *mm);
void unlock(struct mm *mm);
int next(int i);
void unmap(struct mm *mm, unsigned long start, unsigned long end, _Bool locked);

static int toy(struct mm *mm, struct mm *old)
{
	unsigned long end = 0;
	int i = 0, retval;

	if (write_lock(mm))
		return -EINTR;
	retval = next(1);
	if (unlikely(retval))
		goto out;
	for_each(i) {
		if (mm->total && i < mm->count - 1)
			goto fail;
		mm->count++;
	}
	end = mm->total;
	unmap(mm, 0, end, 1);
out:
	unlock(mm);
	return retval;
fail:
	retval = -EINTR;
	goto out;
}

int use(struct mm *mm)
{
	return toy(mm, mm);
}
