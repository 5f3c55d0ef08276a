; batch-job.asm: everything but what a number cruncher has no business with. For a build
; farm or a compute cluster that runs other people's jobs and cannot know the calls they
; need: they may not look into other processes, change the machine, or load code into the
; kernel. What is refused fails with EPERM, so that a job which only tries goes on. x86_64
; only: other ABIs would bring these calls back under other numbers.

        ld [arch]
        jne #AUDIT_ARCH_X86_64, kill
        ld [nr]
        jge #X32_SYSCALL_BIT, kill

        ; other processes
        jeq #x86_64.ptrace, deny
        jeq #x86_64.process_vm_readv, deny
        jeq #x86_64.process_vm_writev, deny
        jeq #x86_64.kcmp, deny
        jeq #x86_64.pidfd_getfd, deny
        jeq #x86_64.perf_event_open, deny
        ; what is mounted where, and the way out
        jeq #x86_64.mount, deny
        jeq #x86_64.umount2, deny
        jeq #x86_64.pivot_root, deny
        jeq #x86_64.chroot, deny
        jeq #x86_64.setns, deny
        jeq #x86_64.unshare, deny
        jeq #x86_64.open_tree, deny
        jeq #x86_64.move_mount, deny
        jeq #x86_64.fsopen, deny
        jeq #x86_64.fsmount, deny
        jeq #x86_64.mount_setattr, deny
        jeq #x86_64.open_by_handle_at, deny
        ; the kernel
        jeq #x86_64.init_module, deny
        jeq #x86_64.finit_module, deny
        jeq #x86_64.delete_module, deny
        jeq #x86_64.kexec_load, deny
        jeq #x86_64.kexec_file_load, deny
        jeq #x86_64.bpf, deny
        jeq #x86_64.userfaultfd, deny
        jeq #x86_64.io_uring_setup, deny
        jeq #x86_64.add_key, deny
        jeq #x86_64.request_key, deny
        jeq #x86_64.keyctl, deny
        ; the machine
        jeq #x86_64.reboot, deny
        jeq #x86_64.swapon, deny
        jeq #x86_64.swapoff, deny
        jeq #x86_64.settimeofday, deny
        jeq #x86_64.clock_settime, deny
        jeq #x86_64.adjtimex, deny
        jeq #x86_64.sethostname, deny
        jeq #x86_64.setdomainname, deny
        jeq #x86_64.iopl, deny
        jeq #x86_64.ioperm, deny
        jeq #x86_64.syslog, deny
        jeq #x86_64.acct, deny
        jeq #x86_64.quotactl, deny
        ; new namespaces by clone; clone3 hides its flags in memory, so it is not there
        jeq #x86_64.clone, clone
        jeq #x86_64.clone3, absent, allow

clone:  ld [args[0].lo]
        jset #0x7e020000, deny, allow   ; CLONE_NEWNS CGROUP UTS IPC USER PID NET

allow:  ret #ALLOW
deny:   ret #ERRNO(EPERM)
absent: ret #ERRNO(ENOSYS)
kill:   ret #KILL_PROCESS
