// What does a filter say of openat? CGO_CFLAGS and CGO_LDFLAGS come from pkg-config assay-c.
package main

// #include <assay/assay.h>
import "C"
import "fmt"

func main() {
	text := []byte("ld [nr]\njeq #257, +0, +1\nret #ERRNO(13)\nret #ALLOW\n")
	var filter *C.assay_filter
	var answer C.assay_answer
	if C.assay_filter_read(C.CBytes(text), C.size_t(len(text)), nil, nil, &filter, nil) != 0 {
		panic("the kernel would not load it")
	}
	defer C.assay_filter_free(filter)
	record := C.assay_record{syscall: C.CString("openat")}
	C.assay_run(filter, &record, &answer, nil)
	fmt.Println(C.GoString(&answer.verdict[0]))
}
