# What a session finds when it looks around and tries things, one line each, for comparing two sessions.
# Perl, for each Debian host has it; system calls by their x86-64 numbers, so that no library answers in the kernel's place.
use strict;
use warnings;
use POSIX qw(:errno_h);
use Fcntl qw(:mode);
$| = 1;

my $home = $ENV{HOME};
sub told { print join(" ", @_), "\n" }
sub outcome { return $_[0] >= 0 ? "may" : "errno-" . ($!+0) }
# In a process of its own: what it changes is gone with it, and a signal is an answer.
sub try {
  my ($name, $what) = @_;
  my $pid = fork();
  if ($pid == 0) { my $said = eval { $what->() }; print "try $name ", $said // "died", "\n"; POSIX::_exit(0) }
  waitpid($pid, 0);
  told("try", $name, "signal", $? & 127) if $? & 127;
}
sub call { my ($name, @words) = @_; try($name, sub { outcome(syscall($words[0], @words[1 .. $#words])) }) }

sub status { open(my $f, "<", "/proc/self/status") or return; for (<$f>) { print "status $_" if /^(Uid|Gid|Groups|SigIgn|SigBlk|CapInh|CapPrm|CapEff|CapAmb|Umask|Cpus_allowed_list|Mems_allowed_list|THP_enabled):/ } }
status();
open(my $limits, "<", "/proc/self/limits"); print "limit $_" for <$limits>;
for my $file (qw(timerslack_ns coredump_filter personality)) { open(my $f, "<", "/proc/self/$file") or next; print "self $file ", <$f> }
print "env $_=$ENV{$_}\n" for sort keys %ENV;
told("nice", getpriority(0, 0));
told("scheduler", syscall(145, 0));
told("ioprio", syscall(252, 1, 0));
told("name", (POSIX::uname())[0, 1, 2, 4]);

# Who may write where. The names are tried and taken away again.
for my $folder ("/", "/boot", "/dev", "/dev/shm", "/dev/mqueue", "/etc", "/home", $home, "/lib", "/media", "/mnt", "/opt", "/proc", "/proc/sys/kernel",
                "/root", "/run", "/run/lock", "/srv", "/sys", "/sys/fs/cgroup", "/tmp", "/usr", "/usr/local", "/usr/lib/modules", "/var", "/var/lib", "/var/log", "/var/tmp",
                "/opt/ours", "/usr/ours", "/usr/mounted", "/etc/ours", "/var/ours") {
  my @found = lstat $folder;
  unless (@found) { told("folder", $folder, "errno-" . ($!+0)); next }
  my $new = "$folder/.look-$$";
  my $made = sysopen(my $f, $new, Fcntl::O_CREAT | Fcntl::O_EXCL | Fcntl::O_WRONLY) ? "may" : "errno-" . ($!+0);
  unlink $new if $made eq "may";
  my $names; my $listed = opendir($names, $folder) ? join(",", map { s/^\d+$/N/r } grep { !/^\.(look|rcw|scratch)/ } sort readdir $names) : "errno-" . ($!+0);
  $listed = "-" if $folder =~ m{^/(proc|dev)$|^/sys|^/$|^/run$};
  told("folder", $folder, sprintf("%o", $found[2] & 07777), "of", @found[4, 5], "write", $made, "has", $listed);
}
for my $device (qw(null zero full random urandom tty ptmx console kmsg kvm mem port rtc0 fuse net/tun loop-control sda vda)) {
  my $read = sysopen(my $f, "/dev/$device", Fcntl::O_RDONLY | Fcntl::O_NONBLOCK | Fcntl::O_NOCTTY) ? "may" : "errno-" . ($!+0);
  told("device", $device, "read", $read);
}
for my $file (qw(/proc/kmsg /proc/kallsyms /proc/kcore /proc/interrupts /proc/modules /proc/meminfo /proc/cpuinfo /proc/uptime /proc/loadavg /proc/version /proc/filesystems
                 /proc/sys/kernel/hostname /proc/sys/kernel/pid_max /proc/sys/fs/file-max /proc/sys/net/ipv4/ip_local_port_range /proc/sysrq-trigger /proc/1/environ
                 /sys/kernel/mm/transparent_hugepage/enabled /sys/devices/system/cpu/online /etc/shadow /var/log/wtmp)) {
  my $read = sysopen(my $f, $file, Fcntl::O_RDONLY | Fcntl::O_NONBLOCK) ? "may" : "errno-" . ($!+0);
  my $write = sysopen(my $g, $file, Fcntl::O_WRONLY | Fcntl::O_NONBLOCK) ? "may" : "errno-" . ($!+0);
  told("file", $file, "read", $read, "write", $write);
}

# Files with special bits, kinds and owners.
for my $bits (04755, 02755, 01777) {
  my $file = "$home/.bits-$$"; open(my $f, ">", $file); close $f;
  told("chmod", sprintf("%o", $bits), chmod($bits, $file) ? sprintf("%o", (stat $file)[2] & 07777) : "errno-" . ($!+0)); unlink $file;
}
{ my $folder = "$home/.folder-$$"; mkdir $folder; told("chmod folder 2775", chmod(02775, $folder) ? sprintf("%o", (stat $folder)[2] & 07777) : "errno-" . ($!+0)); rmdir $folder }
told("fifo", POSIX::mkfifo("$home/.fifo-$$", 0600) ? "may" : "errno-" . ($!+0)); unlink "$home/.fifo-$$";
{ my $name = "$home/.node-$$"; try("mknod-null", sub { outcome(syscall(133, $name, S_IFCHR | 0666, (1 << 8) | 3)) }) ; unlink $name }
{ my $file = "$home/.run-$$"; open(my $f, ">", $file); print $f "#!/bin/sh\necho ran\n"; close $f; chmod 0755, $file; my $said = `$file 2>&1`; chomp $said; told("run", $said); unlink $file }

# A program of 32 bits, by hand: exit(7).
{ my $file = "$home/.elf-$$"; open(my $f, ">:raw", $file);
  print $f "\x7fELF\x01\x01\x01", "\0" x 9, pack("SSLLLLLSSSSSS", 2, 3, 1, 0x08048054, 52, 0, 0, 52, 32, 1, 0, 0, 0), pack("L8", 1, 0, 0x08048000, 0x08048000, 96, 96, 5, 4096), "\xb8\1\0\0\0\xbb\7\0\0\0\xcd\x80";
  close $f; chmod 0755, $file; my $end = system $file; told("program of 32 bits", $end == -1 ? "errno-" . ($!+0) : $end & 127 ? "signal " . ($end & 127) : "exit " . ($end >> 8)); unlink $file }

my %families = (unix => 1, inet => 2, ax25 => 3, inet6 => 10, key => 15, netlink => 16, packet => 17, rds => 21, can => 29, tipc => 30, bluetooth => 31, alg => 38, xdp => 44);
for my $name (sort keys %families) { for my $type (1, 2, 3, 5) { try("socket-$name-$type", sub { outcome(syscall(41, $families{$name}, $type, 0)) }) } }

try("connect-loopback", sub { socket(my $s, 2, 1, 0) or return "none"; outcome(connect($s, pack("SnC4x8", 2, 1, 127, 0, 0, 1)) ? 0 : -1) });

my %flags = (newns => 0x20000, newuts => 0x4000000, newipc => 0x8000000, newuser => 0x10000000, newpid => 0x20000000, newnet => 0x40000000, newcgroup => 0x2000000, newtime => 0x80);
for my $name (sort keys %flags) { call("unshare-$name", 272, $flags{$name}); call("unshare-user-and-$name", 272, $flags{$name} | 0x10000000) unless $name eq "newuser" }

call("personality-ask", 135, 0xffffffff);
call("personality-linux32", 135, 8);
call("personality-no-randomize", 135, 0x40000);
try("setarch-uname", sub { syscall(135, 8); (POSIX::uname())[4] });
my $timex = "\0" x 512;
call("adjtimex-read", 159, $timex);
call("clock-settime-never", 227, 0, pack("qq", 0, -1));
call("settimeofday-none", 164, 0, 0);
call("syslog-size", 103, 10, 0, 0);
call("syslog-read", 103, 3, $timex, 512);
call("init-module", 175, $timex, 1, $timex);
call("delete-module", 176, "none-such", 0);
call("ioperm-off", 173, 0x80, 1, 0);
call("ioperm-on", 173, 0x80, 1, 1);
call("iopl-0", 172, 0);
call("swapoff", 168, "/none-such");
call("reboot-nonsense", 169, 1, 2, 3, 0);
call("modify-ldt-read", 154, 0, $timex, 512);
call("mmap-write-execute", 9, 0, 4096, 7, 0x22, -1, 0);
try("mprotect-execute", sub { my $at = syscall(9, 0, 4096, 3, 0x22, -1, 0); outcome(syscall(10, $at, 4096, 5)) });
call("memfd", 319, "x", 0);
call("ptrace-me", 101, 0, 0, 0, 0);
try("ptrace-attach", sub { my $pid = fork(); if (!$pid) { sleep 5; POSIX::_exit(0) } my $said = outcome(syscall(101, 0x4206, $pid, 0, 0)); kill 9, $pid; waitpid($pid, 0); $said });
call("process-vm-readv-none", 310, $$, 0, 0, 0, 0, 0);
call("perf-event-open", 298, pack("LLQ13", 1, 120, (0) x 13), 0, -1, -1, 0);
call("bpf-none", 321, 0, $timex, 8);
call("userfaultfd", 323, 1);
call("io-uring", 425, 1, $timex);
call("keyctl-session", 250, 0, -3, 0);
call("add-key", 248, "user", "x", "y", 1, -2);
call("name-to-handle", 303, -100, "/", pack("LLx128", 128, 0), $timex, 0);
call("chroot", 161, "/");
call("mount-none", 165, "none", "/none-such", "tmpfs", 0, 0);
call("pivot-root", 155, "/none-such", "/none-such");
call("quotactl", 179, 0x80000800, 0, 0, $timex);
call("fanotify", 300, 0x200, 0);
call("inotify", 294, 0);
call("mlock", 149, 0, 0);
call("mlockall", 151, 1);
call("setpriority-1", 141, 0, 0, 1);
call("setpriority-minus", 141, 0, 0, -5);
call("scheduler-batch", 144, 0, 3, pack("l", 0));
call("scheduler-idle", 144, 0, 5, pack("l", 0));
call("scheduler-rr", 144, 0, 2, pack("l", 1));
call("ioprio-idle", 251, 1, 0, 3 << 13);
call("set-mempolicy", 238, 0, 0, 0);
call("sched-setaffinity-self", 203, 0, 128, pack("Q16", (~0) x 16));
call("sethostname-none", 170, "x", -1);
call("setdomainname-none", 171, "x", -1);
call("setuid-0", 105, 0);
call("shmget", 29, 0, 4096, 0600);
call("semget", 64, 0, 1, 0600);
call("mq-open-none", 240, "none", 0, 0, 0);
call("uselib", 134, "/none-such");
call("ustat", 136, 0, $timex);
call("sysfs-count", 139, 3);
call("vhangup", 153);
call("lookup-dcookie", 212, 0, $timex, 8);
call("kcmp-self", 312, $$, $$, 0, 0, 1);
call("setrlimit-nofile-lower", 160, 7, pack("QQ", 64, 64));
call("prctl-dumpable", 157, 4, 1, 0, 0, 0);
call("prctl-timerslack", 157, 29, 50000, 0, 0, 0);
call("seccomp-strict-none", 317, 3, 0, $timex);
for my $id (0, 1, 2) { my @found = stat("/proc/self/fd/$id"); told("descriptor", $id, @found ? sprintf("%o %d", $found[2], $found[4]) : "none") }
opendir(my $open, "/proc/self/fd"); told("open", join(",", grep { /^\d+$/ && $_ < 3 } sort readdir $open));
told("group", join(" ", sort split / /, $) ));
told("passwd", join(":", (getpwuid($<))[0, 2, 3, 7, 8]));
told("users", scalar(() = map { getpwnam($_) ? 1 : () } qw(root daemon oracle postgres nobody)));
for my $file ("/tmp/seen-by-all", "/var/tmp/seen-by-all", "/dev/shm/seen-by-all", "/home/postgres/seen-by-all", "/opt/ours/seen", "/run/seen-by-all", "/mnt/later/seen") { told("sees", $file, -e $file ? "yes" : "errno-" . ($!+0)) }
my $busy = () = map { /./ ? 1 : () } do { opendir(my $p, "/proc"); grep { /^\d+$/ } readdir $p };
told("sees-processes", $busy > 0 ? "some" : "none");
