; s390x-feed.asm: a program on a mainframe that reads a feed from one socket and appends to
; one file. For whoever writes filters on one machine for another: on this one the upper
; half of a 64-bit argument comes first in memory, so `.lo` is at the higher offset, and a
; filter with the offsets of x86_64 would test the wrong half.

        .byte_order big

        ld [arch]
        jne #AUDIT_ARCH_S390X, kill
        ld [nr]
        jeq #s390x.read, allow
        jeq #s390x.recvfrom, allow
        jeq #s390x.poll, allow
        jeq #s390x.write, write
        jeq #s390x.fsync, allow
        jeq #s390x.lseek, seek
        jeq #s390x.rt_sigreturn, allow
        jeq #s390x.exit_group, allow
        ja deny

write:  ; at most 64 KiB at a time
        ld [args[2].hi]
        jne #0, deny
        ld [args[2].lo]
        jgt #0x10000, deny, allow

seek:   ; to the end and nowhere else: offset 0, SEEK_END
        ld [args[1].hi]
        jne #0, deny
        ld [args[1].lo]
        jne #0, deny
        ld [args[2].lo]
        jeq #2, allow, deny

allow:  ret #ALLOW
deny:   ret #ERRNO(EACCES)
kill:   ret #KILL_THREAD
