package ffmpeg

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights of Landlock on files, by what they are for.
const (
	mayRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	mayRun  = mayRead | unix.LANDLOCK_ACCESS_FS_EXECUTE
	mayKeep = mayRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR
	mayDrive = mayRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// mayOfFile are those that a rule on a file may have.
	mayOfFile = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// rules are a sandbox that is ready for a thread to enter.
type rules struct {
	landlock int // a descriptor; -1 without
	seccomp  bool
}

func (r *rules) close() {
	if r.landlock >= 0 {
		_ = unix.Close(r.landlock) // nothing was written
	}
}

// handled are the rights that a version knows. What is handled and not allowed by
// a rule is refused.
func handled(version int) unix.LandlockRulesetAttr {
	a := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1}
	if version >= 2 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		a.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 5 {
		a.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		a.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		if scopesSignals() {
			a.Scoped |= unix.LANDLOCK_SCOPE_SIGNAL
		}
	}
	return a
}

// rules are what a program in dir may do: read itself, its libraries and files,
// and write dir.
func (s *sandbox) rules(program, dir string, files []*os.File, hardware Hardware) (_ *rules, err error) {
	r := &rules{landlock: -1, seccomp: s.state.Seccomp}
	if s.state.Landlock == 0 {
		return r, nil
	}
	attr := handled(s.state.Landlock)
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return nil, fmt.Errorf("landlock: %w", errno)
	}
	r.landlock = int(fd)
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	for _, p := range s.paths(program, dir, hardware) {
		if err := r.allow(p.path, p.rights&attr.Handled_access_fs); err != nil && (p.needed || !errors.Is(err, os.ErrNotExist)) {
			return nil, fmt.Errorf("landlock: %s: %w", p.path, err)
		}
	}
	for _, f := range files {
		if err := r.allowOpen(int(f.Fd()), unix.LANDLOCK_ACCESS_FS_READ_FILE); err != nil {
			return nil, fmt.Errorf("landlock: the input: %w", err)
		}
	}
	return r, nil
}

// A grant is a path and what may be done there.
type grant struct {
	path   string
	rights uint64
	needed bool // it is an error if it is not there
}

// paths has the grants on what has a name.
func (s *sandbox) paths(program, dir string, hardware Hardware) []grant {
	grants := []grant{
		{dir, mayKeep, true},
		{"/dev/null", unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE, false},
	}
	for _, path := range []string{
		"/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64",
		"/etc/ld.so.cache", "/etc/ld.so.preload", "/dev/zero", "/dev/random", "/dev/urandom",
		"/sys/devices/system", "/proc/cpuinfo", "/proc/meminfo",
	} {
		grants = append(grants, grant{path, mayRead, false})
	}
	for _, path := range ofProgram(program) {
		grants = append(grants, grant{path, mayRun, false})
	}
	for _, path := range s.read {
		grants = append(grants, grant{path, mayRun, false})
	}
	if hardware != None {
		for _, path := range []string{"/dev/dri", "/dev/nvidia0", "/dev/nvidia1", "/dev/nvidia2", "/dev/nvidia3", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"} {
			grants = append(grants, grant{path, mayDrive, false})
		}
		for _, path := range []string{"/sys", "/proc/driver", "/etc/OpenCL", "/usr/share/libdrm", "/usr/share/glvnd", "/usr/share/vulkan"} {
			grants = append(grants, grant{path, mayRead, false})
		}
	}
	return grants
}

// ofProgram is what a program needs to begin: its file, what it is a link to, its
// loader or interpreter, and the libraries that lie beside it.
func ofProgram(program string) []string {
	paths := []string{program}
	if target, err := filepath.EvalSymlinks(program); err == nil && target != program {
		paths = append(paths, target)
		program = target
	}
	if strings.HasPrefix(program, "/nix/store/") {
		return append(paths, "/nix/store")
	}
	for loader := loaderOf(program); loader != "" && len(paths) < 6; loader = loaderOf(loader) {
		paths = append(paths, loader) // an interpreter has a loader of its own
	}
	if prefix := filepath.Dir(filepath.Dir(program)); prefix != "/" && prefix != "/usr" && filepath.Base(filepath.Dir(program)) == "bin" {
		paths = append(paths, filepath.Join(prefix, "lib"), filepath.Join(prefix, "lib64"))
	}
	return paths
}

// loaderOf is the dynamic loader that an ELF file asks for, or the interpreter of a
// script.
func loaderOf(program string) string {
	f, err := elf.Open(program)
	if err != nil {
		return interpreterOf(program)
	}
	defer f.Close() //nolint:errcheck // it was only read
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > unix.PathMax {
			continue
		}
		name := make([]byte, p.Filesz)
		if _, err := p.ReadAt(name, 0); err == nil {
			return strings.TrimRight(string(name), "\x00")
		}
	}
	return ""
}

// interpreterOf reads the first line of a script.
func interpreterOf(program string) string {
	f, err := os.Open(program)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // it was only read
	head := make([]byte, 256)
	n, _ := f.Read(head) // a shorter file is read as far as it goes
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	if rest, ok := strings.CutPrefix(line, "#!"); ok {
		if words := strings.Fields(rest); len(words) > 0 {
			return words[0]
		}
	}
	return ""
}

// allow grants rights on a path, and on what lies below if it is a folder.
func (r *rules) allow(path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= mayOfFile
	}
	return r.allowOpen(fd, rights)
}

func (r *rules) allowOpen(fd int, rights uint64) error {
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.landlock), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// enforce puts the calling thread, and all that it starts, under the rules. There
// is no way back.
func (r *rules) enforce() error {
	if r.landlock < 0 && !r.seccomp {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if r.landlock >= 0 {
		if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(r.landlock), 0, 0); errno != 0 {
			return fmt.Errorf("landlock: %w", errno)
		}
	}
	if r.seccomp {
		return filterCalls()
	}
	return nil
}
