// What does a filter say of openat? rustc verdict.rs -L DIR -l assay
use std::{ffi::CStr, os::raw::c_char, ptr::null};

#[repr(C)]
struct Record { arch: *const c_char, syscall: *const c_char, nr: u32, ip: u64, args: [u64; 6] }
#[repr(C)]
struct Answer { value: u32, instructions: u32, verdict: [c_char; 32] }
enum Filter {}

extern "C" {
    fn assay_filter_read(bytes: *const u8, size: usize, format: *const c_char, options: *const u8,
                         filter: *mut *mut Filter, why: *mut *mut c_char) -> i32;
    fn assay_run(filter: *const Filter, record: *const Record, answer: *mut Answer,
                 why: *mut *mut c_char) -> i32;
    fn assay_filter_free(filter: *mut Filter);
}

fn main() {
    let text = "ld [nr]\njeq #257, +0, +1\nret #ERRNO(13)\nret #ALLOW\n";
    let (mut filter, why) = (std::ptr::null_mut(), std::ptr::null_mut());
    let name = b"openat\0".as_ptr() as *const c_char;
    let record = Record { arch: null(), syscall: name, nr: 0, ip: 0, args: [0; 6] };
    let mut answer = Answer { value: 0, instructions: 0, verdict: [0; 32] };
    unsafe {
        let read = assay_filter_read(text.as_ptr(), text.len(), null(), null(), &mut filter, why);
        assert_eq!((read, assay_run(filter, &record, &mut answer, why)), (0, 0));
        println!("{}", CStr::from_ptr(answer.verdict.as_ptr()).to_str().unwrap());
        assay_filter_free(filter);
    }
}
