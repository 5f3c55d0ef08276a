; tty-guard-2018.asm: keeps a contained program from typing into its user's terminal (ioctl TIOCSTI),
; the way sandboxes did until 2019 (CVE-2019-7303, CVE-2019-10063): the command is compared as
; the 64 bits that the filter sees. The kernel takes an unsigned int, so that any bit above the
; low 32 lets the command pass. tty-guard.asm is the same guard mended; `assay diff` shows the hole.

        ld [arch]
        jne #AUDIT_ARCH_X86_64, kill
        ld [nr]
        jge #X32_SYSCALL_BIT, kill
        jne #x86_64.ioctl, allow
        ld [args[1].hi]
        jne #0, allow
        ld [args[1].lo]
        jeq #0x5412, deny               ; TIOCSTI

allow:  ret #ALLOW
deny:   ret #ERRNO(EPERM)
kill:   ret #KILL_PROCESS
