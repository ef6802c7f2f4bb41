#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# Reads a tar from stdin and writes it as one commit for git fast-import.  That
# is several times faster than to unpack 90000 files and add each of them.
#
#	import-tar.pl BRANCH MESSAGE STRIP
#
# STRIP is the number of leading path components to drop.  How far it is goes
# to stderr, as lines "imported N MB".

use strict;
use warnings;

my ($branch, $message, $strip) = @ARGV;
binmode STDIN;
binmode STDOUT;

my $total = 0;
sub take
{
	my ($size) = @_;
	my $data = '';
	while (length $data < $size) {
		my $n = read STDIN, $data, $size - length $data, length $data;
		die "the tar ends too early\n" unless $n;
	}
	$total += $size;
	return $data;
}

sub text { my ($field) = @_; $field =~ s/\0.*//s; return $field }

sub command
{
	my ($mode, $name, $data) = @_;
	print "M $mode inline ", ($name =~ /^"|\n/ ? die "odd file name: $name\n" : $name),
	      "\ndata ", length $data, "\n", $data, "\n";
}

# A fixed author and date: the same tree is the same commit everywhere.
print "commit refs/heads/$branch\n",
      "committer Linux <linux\@localhost> 1 +0000\n",
      "data ", length $message, "\n$message\n";

my ($long_name, $long_link);
my ($files, $reported) = (0, 0);
while (1) {
	my $header = take(512);
	last if $header !~ /[^\0]/;
	my ($name, $mode, $size, $type, $link, $magic, $prefix) =
		unpack 'a100 a8 x16 a12 x20 a1 a100 a5 x83 a155', $header;
	$size = oct text($size);
	$name = text($name);
	$name = text($prefix) . "/$name" if $magic eq 'ustar' and text($prefix) ne '';
	$link = text($link);
	my $data = $size ? take($size) : '';
	take(512 - $size % 512) if $size % 512;

	if ($type eq 'x') {		# pax: attributes of the next member
		while ($data =~ /^(\d+) /) {
			my $record = substr $data, 0, $1, '';
			$long_name = $1 if $record =~ /^\d+ path=(.*)\n\z/s;
			$long_link = $1 if $record =~ /^\d+ linkpath=(.*)\n\z/s;
		}
		next;
	}
	next if $type eq 'g';		# pax: attributes of all
	if ($type eq 'L') { $long_name = text($data); next }
	if ($type eq 'K') { $long_link = text($data); next }
	$name = $long_name if defined $long_name;
	$link = $long_link if defined $long_link;
	undef $long_name;
	undef $long_link;

	$name =~ s{^\./}{};
	$name =~ s{^[^/]*/}{} for 1 .. $strip;
	next if $name eq '' or $type eq '5';
	if ($type eq '0' or $type eq "\0") {
		command(oct(text($mode)) & 0100 ? '100755' : '100644', $name, $data);
	} elsif ($type eq '2') {
		command('120000', $name, $link);
	} else {
		die "$name: cannot import a member of type $type\n";
	}
	$files++;
	if ($total - $reported > 20_000_000) {
		printf STDERR "imported %d MB\n", $total / 1_000_000;
		$reported = $total;
	}
}
die "the tar has no files\n" unless $files;
print "done\n";
printf STDERR "imported %d files\n", $files;
