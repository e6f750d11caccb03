package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// chain writes groups of so many events each, and returns the files.
func chain(t testing.TB, o FileOptions, groups ...int) *memFS {
	t.Helper()
	m := newMemFS()
	f, err := openMem(t, m, o)
	must(t, err)
	must(t, f.Close())
	n := 0
	for _, g := range groups {
		var lines []byte
		for range g {
			n++
			lines = append(lines, line(fmt.Sprint("event.", n))...)
		}
		must(t, f.writing.commit(lines))
	}
	return m
}

func contents(m *memFS) [][]byte {
	var all [][]byte
	for i := range len(m.now) {
		all = append(all, bytes.Clone(m.now[fileName(uint64(i+1))].data))
	}
	return all
}

// named makes sources of contents.
func named(all [][]byte) []source {
	var s []source
	for i, c := range all {
		s = append(s, source{fileName(uint64(i + 1)), func() (io.ReadSeekCloser, error) {
			return section{io.NewSectionReader(bytes.NewReader(c), 0, int64(len(c))), io.NopCloser(nil)}, nil
		}})
	}
	return s
}

// edit changes the lines of a file.
func edit(change func(lines []string) []string) func([]byte) []byte {
	return func(b []byte) []byte {
		lines := slices.Collect(strings.Lines(string(b)))
		return []byte(strings.Join(change(lines), ""))
	}
}

func drop(from, to int) func([]byte) []byte {
	return edit(func(l []string) []string { return slices.Delete(l, from-1, to) })
}

func replace(n int, old, with string) func([]byte) []byte {
	return edit(func(l []string) []string {
		if !strings.Contains(l[n-1], old) {
			panic(old + " is not in " + l[n-1])
		}
		l[n-1] = strings.Replace(l[n-1], old, with, 1)
		return l
	})
}

// The file has the groups of events 1–3 (seal in line 4), 4 (seal in line 6), 5–9
// (seal in line 12) and 10 and 11 (seal in line 15).
func TestVerifyFindsTheFirstBadLine(t *testing.T) {
	m := chain(t, FileOptions{}, 3, 1, 5, 2)
	whole := contents(m)[0]
	other := contents(chain(t, FileOptions{}, 3, 1, 5, 2))[0] // another log of the same key
	forged := forge(t, whole)
	for name, tt := range map[string]struct {
		change func([]byte) []byte
		line   int
		what   string
	}{
		"a changed line":                          {replace(8, "event.6", "event.7"), 8, "it is not event 6"},
		"a changed time":                          {replace(1, `"time":"0`, `"time":"1`), 1, "it is not event 1"},
		"a changed line that is alone":            {replace(5, "event.4", "event.5"), 5, "it is not event 4"},
		"a changed number":                        {replace(8, `"seq":6`, `"seq":5`), 8, "it is not event 6"},
		"a space more":                            {replace(8, `,"action"`, `, "action"`), 8, "it is not event 6"},
		"a line end of another kind":              {replace(8, "\n", "\r\n"), 8, "it is not event 6"},
		"a dropped line":                          {drop(8, 8), 8, "event 6 is missing"},
		"a dropped first line":                    {drop(1, 1), 1, "event 1 is missing"},
		"a dropped line that is alone":            {drop(5, 5), 5, "event 4 is missing"},
		"a dropped last line of a group":          {drop(11, 11), 11, "event 9 is missing"},
		"a dropped group":                         {drop(5, 6), 5, "seal 2 are missing"},
		"two dropped groups":                      {drop(5, 12), 5, "seals 2 to 3 are missing"},
		"a dropped seal":                          {drop(6, 6), 5, "seal 2 are missing"},
		"an inserted line":                        {edit(func(l []string) []string { return slices.Insert(l, 8, l[2]) }), 9, "inserted"},
		"a line that was copied to its neighbor":  {edit(func(l []string) []string { return slices.Insert(l, 8, l[7]) }), 9, "inserted"},
		"an inserted line at the end of a group":  {edit(func(l []string) []string { return slices.Insert(l, 11, l[7]) }), 12, "inserted"},
		"an inserted empty line":                  {edit(func(l []string) []string { return slices.Insert(l, 8, "\n") }), 9, "inserted"},
		"two lines that changed places":           {edit(func(l []string) []string { l[7], l[8] = l[8], l[7]; return l }), 8, "wrong place"},
		"lines of two groups that changed places": {edit(func(l []string) []string { l[1], l[8] = l[8], l[1]; return l }), 2, "it is not event 2"},
		"two groups that changed places": {edit(func(l []string) []string {
			return slices.Concat(l[:4], l[6:12], l[4:6], l[12:])
		}), 5, "seal 2 are missing"},
		"a group that comes again": {edit(func(l []string) []string { return slices.Insert(l, 6, l[4], l[5]) }), 7, "comes again"},
		"a changed seal":           {replace(6, `"count":1`, `"count":2`), 6, "is none"},
		"a seal with another time": {replace(6, `"time":"2`, `"time":"1`), 6, "not signed"},
		"a seal whose signature was changed": {edit(func(l []string) []string {
			i := strings.Index(l[5], sigStart) + len(sigStart)
			c := byte('A')
			if l[5][i] == c {
				c = 'B'
			}
			l[5] = l[5][:i] + string(c) + l[5][i+1:]
			return l
		}), 6, "not signed"},
		"the seal of another log": {edit(func(l []string) []string {
			l[5] = slices.Collect(strings.Lines(string(other)))[5]
			return l
		}), 5, "another log"},
		"a forged rest, with all hashes right": {func([]byte) []byte { return forged }, 6, "not signed"},
		"garbage in the middle":                {edit(func(l []string) []string { return slices.Insert(l, 6, strings.Repeat("x", 3<<20)) }), 7, "no seal follows"},
		"zeros where a later seal was written after the sync": {edit(func(l []string) []string {
			l[7] = strings.Repeat("\x00", len(l[7]))
			return l
		}), 8, "is not event 6"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := tt.change(bytes.Clone(whole))
			for _, workers := range []int{1, 3} {
				_, err := verify(t.Context(), testKeys, named([][]byte{changed}), &VerifyOptions{Workers: workers})
				bad, ok := errors.AsType[*TamperedError](err)
				if !ok {
					t.Fatalf("got %v", err)
				}
				if bad.Line != tt.line || !strings.Contains(bad.What, tt.what) {
					t.Errorf("got %v, want line %d and %q", bad, tt.line, tt.what)
				}
			}
		})
	}
}

// forge changes event 4 and makes everything right again but the signatures.
func forge(t *testing.T, whole []byte) []byte {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	lines := slices.Collect(strings.Lines(string(whole)))
	keep := strings.Join(lines[:4], "")
	s, err := parseSeal([]byte(lines[3]))
	must(t, err)
	m := newMemFS()
	w := writer{fs: m, key: key, o: &FileOptions{MaxSize: 1 << 30}}
	w.link = link{log: s.log, seal: 1, file: 0, next: 4, prev: hashOf([]byte(lines[3]))}
	must(t, w.commit(line("event.40")))
	must(t, w.commit(append(line("event.5"), line("event.6")...)))
	return append([]byte(keep), contents(m)[0]...)
}

func TestVerifyFindsWhatIsWrongBetweenFiles(t *testing.T) {
	m := chain(t, FileOptions{MaxSize: 1}, 2, 2, 2, 2)
	whole := contents(m)
	if len(whole) != 4 {
		t.Fatal(len(whole))
	}
	for name, tt := range map[string]struct {
		change func([][]byte) [][]byte
		file   int
		line   int
		what   string
	}{
		"a file that is missing":           {func(a [][]byte) [][]byte { return slices.Delete(a, 1, 2) }, 2, 1, "seal 2 are missing"},
		"files in another order":           {func(a [][]byte) [][]byte { a[1], a[2] = a[2], a[1]; return a }, 2, 1, "seal 2 are missing"},
		"a file that comes again":          {func(a [][]byte) [][]byte { a[1] = a[0]; return a }, 2, 1, "comes again"},
		"an end that is cut off":           {func(a [][]byte) [][]byte { a[1] = a[1][:len(a[1])-5]; return a }, 2, 1, "no seal follows"},
		"a file that is cut to nothing":    {func(a [][]byte) [][]byte { a[1] = nil; return a }, 3, 1, "seal 2 are missing"},
		"lines after the end":              {func(a [][]byte) [][]byte { a[1] = append(a[1], "{}\n"...); return a }, 2, 4, "no seal follows"},
		"a first file that is garbage":     {func(a [][]byte) [][]byte { a[0] = []byte("x\n"); return a }, 1, 1, "no seal follows"},
		"a changed line in the last file":  {func(a [][]byte) [][]byte { a[3] = replace(2, "event", "evens")(a[3]); return a }, 4, 2, "not event 8"},
		"two files that were put together": {func(a [][]byte) [][]byte { return [][]byte{append(a[0], a[1]...), a[2], a[3]} }, 1, 4, "belongs into file 2"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := make([][]byte, len(whole))
			for i := range whole {
				changed[i] = bytes.Clone(whole[i])
			}
			_, err := verify(t.Context(), testKeys, named(tt.change(changed)), nil)
			bad, ok := errors.AsType[*TamperedError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if bad.File != fileName(uint64(tt.file)) || bad.Line != tt.line || !strings.Contains(bad.What, tt.what) {
				t.Errorf("got %v, want file %d, line %d and %q", bad, tt.file, tt.line, tt.what)
			}
		})
	}
}

func TestVerifyBeginsWithAnyFile(t *testing.T) {
	whole := contents(chain(t, FileOptions{MaxSize: 1}, 2, 2, 2))
	r, err := verify(t.Context(), testKeys, named(whole)[1:], nil)
	must(t, err)
	if r.First.Seal != 2 || r.First.Seq != 4 || r.Last.Seal != 3 || r.Events != 4 || r.Seals != 2 {
		t.Errorf("%+v", r)
	}
}

func TestVerifyByCheckpointsFindsAnEndThatWasCutOff(t *testing.T) {
	m := chain(t, FileOptions{MaxSize: 600}, 2, 2, 2)
	whole := contents(m)
	r, err := verify(t.Context(), testKeys, m.sources(), nil)
	must(t, err)
	text := r.Last.String()
	point, err := ParseCheckpoint(text, testKeys...)
	must(t, err)
	if diff := cmp.Diff(r.Last.String(), point.String()); diff != "" || point.Seal != 3 || point.Seq != 6 {
		t.Errorf("%+v -want +got:\n%s", point, diff)
	}
	first := r.First
	points := &VerifyOptions{Checkpoints: []Checkpoint{first, point}}

	r, err = verify(t.Context(), testKeys, m.sources(), points)
	must(t, err)
	if r.Earlier != 0 {
		t.Errorf("%+v", r)
	}
	r, err = verify(t.Context(), testKeys, m.sources()[1:], points)
	must(t, err)
	if r.Earlier != 1 {
		t.Errorf("%d checkpoints are earlier, want 1", r.Earlier)
	}
	for name, tt := range map[string]struct {
		files []source
		what  string
	}{
		"the last file is gone": {named(whole)[:len(whole)-1], "cut off"},
		"nothing is left":       {nil, "nothing is"},
		"files of another log":  {chain(t, FileOptions{}, 2, 2, 2).sources(), "another log"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(t.Context(), testKeys, tt.files, points)
			if bad, ok := errors.AsType[*TamperedError](err); !ok || !strings.Contains(bad.What, tt.what) {
				t.Errorf("got %v, want %q", err, tt.what)
			}
		})
	}
}

func TestParseCheckpointTakesNoOther(t *testing.T) {
	r, err := verify(t.Context(), testKeys, chain(t, FileOptions{}, 1).sources(), nil)
	must(t, err)
	text := r.Last.String()
	other, _, err := ed25519.GenerateKey(nil)
	must(t, err)
	for name, tt := range map[string]struct {
		text string
		keys []ed25519.PublicKey
	}{
		"another key": {text, []ed25519.PublicKey{other}},
		"no key":      {text, nil},
		"half a key":  {text, []ed25519.PublicKey{other[:5]}},
		"half of it":  {text[:len(text)/2], testKeys},
		"changed":     {strings.Replace(text, `"first":1`, `"first":2`, 1), testKeys},
		"nothing":     {"", testKeys},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseCheckpoint(tt.text, tt.keys...); err == nil {
				t.Error("it is taken")
			}
		})
	}
}

func TestVerifyGoesOnOverAChangeOfTheKey(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, FileOptions{})
	write(t, f, "a", 2)
	must(t, f.Close())
	public, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	if _, err := OpenFile(dir, private, nil); err == nil {
		t.Fatal("a log of another key was continued")
	}
	f, err = OpenFile(dir, private, quiet(FileOptions{OldKeys: testKeys}))
	must(t, err)
	write(t, f, "b", 2)
	must(t, f.Close())
	if _, err := verifyDir(t, dir, nil); err == nil {
		t.Error("the old key alone is enough")
	}
	files, err := Files(dir)
	must(t, err)
	r, err := Verify(t.Context(), append(testKeys, public), files, nil)
	must(t, err)
	if r.Events != 4 {
		t.Errorf("%+v", r)
	}
}

func TestVerifyOfManyBlocksIsThatOfOne(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, FileOptions{MaxSize: 9 << 20, NoWait: true, Buffer: 64 << 20})
	long := strings.Repeat("x", 1000)
	for range 20_000 {
		must(t, f.Append(t.Context(), nil, line(long)))
	}
	must(t, f.Close())
	for _, workers := range []int{1, 2, 5} {
		r, err := verifyDir(t, dir, &VerifyOptions{Workers: workers})
		must(t, err)
		if r.Events != 20_000 || r.Bytes < 20<<20 {
			t.Errorf("%+v", r)
		}
	}
	name := path(dir, 2)
	b := read(t, name)
	at := bytes.LastIndex(b[:len(b)*3/4], []byte(`"action":"xx`)) + 10
	b[at] = 'y'
	must(t, os.WriteFile(name, b, 0o600))
	_, err := verifyDir(t, dir, nil)
	bad, ok := errors.AsType[*TamperedError](err)
	if want := bytes.Count(b[:at], []byte("\n")) + 1; !ok || bad.Line != want {
		t.Errorf("got %v, want line %d", err, want)
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := verify(ctx, testKeys, chain(t, FileOptions{}, 2, 2).sources(), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestVerifySaysWhatItCannotRead(t *testing.T) {
	if _, err := Verify(t.Context(), testKeys, []string{t.TempDir() + "/none"}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := Verify(t.Context(), testKeys, []string{t.TempDir()}, nil); err == nil {
		t.Error("a directory is read")
	}
	if _, err := Verify(t.Context(), nil, nil, nil); err == nil {
		t.Error("no key is needed")
	}
}

// FuzzVerify changes a log in one place. What is found good must be the beginning
// of what was written.
func FuzzVerify(f *testing.F) {
	m := chain(f, FileOptions{MaxSize: 4000}, 3, 1, 5, 2, 1, 1, 7, 3, 1)
	whole := contents(m)
	joined := bytes.Join(whole, nil)
	f.Add(uint32(100), uint32(1), []byte("x"), byte(0))
	f.Add(uint32(700), uint32(3), []byte(""), byte(1))
	f.Add(uint32(300), uint32(0), []byte("\n"), byte(0))
	f.Add(uint32(0), uint32(1<<20), []byte{}, byte(0))
	f.Add(uint32(400), uint32(900), bytes.Repeat([]byte{0}, 900), byte(2))
	f.Fuzz(func(t *testing.T, at, length uint32, with []byte, which byte) {
		changed := slices.Clone(whole)
		n := int(which) % len(changed)
		file := changed[n]
		from := int(at) % (len(file) + 1)
		to := min(from+int(length%(1<<20)), len(file))
		changed[n] = slices.Concat(file[:from], with, file[to:])
		r, err := verify(t.Context(), testKeys, named(changed), nil)
		if err != nil {
			return
		}
		good := bytes.Join(changed, nil)
		good = good[:r.Bytes]
		if !bytes.HasPrefix(joined, good) && !bytes.HasSuffix(joined, good) { // the suffix: the first file was emptied
			t.Fatalf("the first %d bytes were found good", r.Bytes)
		}
		if r.Torn == nil && len(good) != len(bytes.Join(changed, nil)) {
			t.Fatalf("%d bytes of %d are good, and nothing is torn", r.Bytes, len(good))
		}
	})
}

// FuzzVerifyAnything gives it what is no log at all.
func FuzzVerifyAnything(f *testing.F) {
	whole := contents(chain(f, FileOptions{}, 3, 1))[0]
	f.Add(whole, []byte{})
	f.Add([]byte(`{"seal":1,"v":1,"log":"`), []byte("\n\n\n"))
	f.Add(bytes.Repeat([]byte(sealStart+"\n"), 20), whole)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		_, _ = verify(t.Context(), testKeys, named([][]byte{a, b}), nil)
		_, _ = ParseEntry(a)
		_, _ = ParseCheckpoint(string(a), testKeys...)
	})
}

// TestEveryLineThatIsChangedIsFound changes, drops, repeats and swaps each line
// in turn.
func TestEveryLineThatIsChangedIsFound(t *testing.T) {
	whole := contents(chain(t, FileOptions{}, 3, 1, 5, 2, 1, 1, 7, 1))[0]
	all := slices.Collect(strings.Lines(string(whole)))
	last := len(all) - 2 // its group is the last
	for i := range all {
		n, sealed := i+1, isSeal([]byte(all[i]))
		for name, tt := range map[string]struct {
			change func(l []string) []string
			line   int // 0 for any
		}{
			"changed":  {func(l []string) []string { l[i] = l[i][:len(l[i])-3] + "x" + l[i][len(l[i])-2:]; return l }, n},
			"dropped":  {func(l []string) []string { return slices.Delete(l, i, i+1) }, 0},
			"repeated": {func(l []string) []string { return slices.Insert(l, i, l[i]) }, 0},
			"swapped": {func(l []string) []string {
				j := (i + 1) % len(l)
				l[i], l[j] = l[j], l[i]
				return l
			}, 0},
		} {
			changed := strings.Join(tt.change(slices.Clone(all)), "")
			r, err := verify(t.Context(), testKeys, named([][]byte{[]byte(changed)}), nil)
			bad, ok := errors.AsType[*TamperedError](err)
			switch {
			case !ok && r != nil && r.Torn != nil && i >= last && r.Events < 21:
				// The last group lost its seal: it is an end that is unfinished.
			case !ok:
				t.Errorf("line %d %s: %v, %+v", n, name, err, r)
			case tt.line > 0 && bad.Line != tt.line:
				t.Errorf("line %d (seal: %v) %s: %v", n, sealed, name, bad)
			}
		}
	}
}

// abandoned is a log whose first seal says that a file before it was abandoned.
func abandoned(t *testing.T) []byte {
	t.Helper()
	m := newMemFS()
	w := writer{fs: m, key: testKey, o: &FileOptions{MaxSize: 1 << 30}}
	w.link = link{log: logID{7}, next: 1, file: 1, abandoned: true}
	must(t, w.commit(line("x")))
	return m.now[fileName(2)].data
}

func TestAnAbandonedEndIsOfTheSameLog(t *testing.T) {
	one := contents(chain(t, FileOptions{}, 2, 1))[0]
	for name, first := range map[string][]byte{"whole": one, "with an unfinished end": append(bytes.Clone(one), `{"seq":`...)} {
		t.Run(name, func(t *testing.T) {
			if r, err := verify(t.Context(), testKeys, named([][]byte{first, abandoned(t)}), nil); err == nil {
				t.Errorf("the file of another log is taken: %+v", r)
			}
		})
	}
	r, err := verify(t.Context(), testKeys, named([][]byte{[]byte(`{"seq":`), abandoned(t)}), nil)
	must(t, err)
	if r.Abandoned != 1 || r.Events != 1 {
		t.Errorf("%+v", r)
	}
}
