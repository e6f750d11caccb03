//go:build linux && (amd64 || arm64)

package hls

import (
	"runtime"
	"syscall"
	"unsafe"
)

const (
	// maxScatter is how many pieces one read fills at most.
	maxScatter = 128
	// maxInstant is up to how many bytes a read is tried without telling the
	// scheduler: it is over sooner than that would take.
	maxInstant = 16 << 10

	rwfNowait = 0x8 // only what the page cache has (preadv2(2))
)

// The numbers of preadv(2) and preadv2(2), which package syscall lacks.
var sysPreadv, sysPreadv2 = func() (uintptr, uintptr) {
	if runtime.GOARCH == "arm64" {
		return 69, 286
	}
	return 295, 327
}()

// scatter is what a read of several runs at once needs.
type scatter struct {
	pieces [maxScatter]syscall.Iovec
	gap    [maxGap]byte // where bytes go that nobody wants
}

// readScattered reads the next runs that lie close together with one call, each
// to its place in p; what lies between them is read and forgotten. It reads all
// that it set out to or nothing, and says how much that was: 0 where the kernel
// would have to wait for the disk or cannot do this, and another way is needed.
func (b *body) readScattered(p []byte) int {
	if b.file == nil {
		return 0
	}
	if b.scatter == nil {
		b.scatter = new(scatter)
	}
	n, wanted, span := b.aim(p)
	if !b.readPieces(n, span) {
		return 0
	}
	b.skipRuns(int64(wanted))
	return wanted
}

// aim prepares the pieces of one read: how many they are, how many bytes are
// wanted, and how many are read in all.
func (b *body) aim(p []byte) (n, wanted, span int) {
	s := b.scatter
	at := b.runs[0].offset
	for i := range b.runs {
		r := &b.runs[i]
		gap := r.offset - at
		if wanted == len(p) || gap < 0 || gap > maxGap || n+2 > maxScatter {
			break
		}
		if gap > 0 {
			s.pieces[n] = syscall.Iovec{Base: &s.gap[0], Len: uint64(gap)}
			n++
		}
		k := int(min(r.length, int64(len(p)-wanted)))
		s.pieces[n] = syscall.Iovec{Base: &p[wanted], Len: uint64(k)}
		n++
		wanted += k
		span += int(gap) + k
		at = r.offset + int64(k)
	}
	return n, wanted, span
}

// readPieces fills the first n pieces, span bytes in all, from where the next
// run begins. It reports whether all of them are there.
func (b *body) readPieces(n, span int) bool {
	fd, offset := b.file.Fd(), uintptr(b.runs[0].offset)
	var got uintptr
	var errno syscall.Errno
	if first := &b.scatter.pieces[0]; span <= maxInstant {
		got, _, errno = syscall.RawSyscall6(sysPreadv2, fd, uintptr(unsafe.Pointer(first)), uintptr(n), offset, 0, rwfNowait)
	} else {
		got, _, errno = syscall.Syscall6(sysPreadv, fd, uintptr(unsafe.Pointer(first)), uintptr(n), offset, 0, 0)
	}
	runtime.KeepAlive(b)
	return errno == 0 && got == uintptr(span)
}
