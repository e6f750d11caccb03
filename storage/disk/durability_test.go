package disk

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/storage"
)

// What is synced, and in which order: no crash of the machine can be had in a
// test, so the order itself is what is tested.
func TestEveryNameIsSyncedBeforeItIsReliedUpon(t *testing.T) {
	folder := t.TempDir()
	s, f := faulty(t, t.TempDir(), &Options{ImportFolders: []string{folder}})
	source := writeSource(t, folder, first)
	ctx := t.Context()
	var d storage.Draft
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func() { _, err := d.Write([]byte(first)); must(err) }
	for _, c := range []struct {
		name string
		do   func()
		want []string
	}{
		{
			"creating", func() { d = started(t, s, "x") },
			[]string{"create drafts/a+b+c", "write drafts/a+b+c"},
		},
		{
			"the first sync", func() { must(d.Sync()) },
			[]string{"sync drafts/a+b+c", "syncdir drafts"},
		},
		{
			"another sync", func() { write(); must(d.Sync()) },
			[]string{"write drafts/a+b+c", "sync drafts/a+b+c"},
		},
		{"a sync of nothing", func() { must(d.Sync()) }, nil},
		{
			"closing what is not synced", func() { write(); must(d.Close()) },
			[]string{"write drafts/a+b+c", "sync drafts/a+b+c"},
		},
		{
			"appending", func() { d, _ = s.Append(ctx, faultKey) },
			[]string{"update drafts/a+b+c"},
		},
		{"committing", func() { write(); must(d.Commit(ctx)) }, []string{
			"write drafts/a+b+c", "mkdir blobs/a/b", "sync drafts/a+b+c | syncdir blobs | syncdir blobs/a",
			"rename blobs/a/b/b+c", "syncdir blobs/a/b | syncdir drafts",
		}},
		{"deleting", func() { must(s.Delete(ctx, faultKey)) }, []string{
			"remove blobs/a/b/b+c", "syncdir blobs/a/b", "syncdir drafts",
		}},
		{"importing", func() { _, err := s.Import(ctx, faultKey, source); must(err) }, []string{
			"remove blobs/a/b/b+c~new", "create blobs/a/b/b+c~new", "write blobs/a/b/b+c~new", "sync blobs/a/b/b+c~new",
			"rename blobs/a/b/b+c~import", "syncdir blobs/a/b",
		}},
	} {
		f.arm(0, false, nil)
		c.do()
		if diff := cmp.Diff(c.want, f.inGroups(c.want)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	must(d.Close())
}

// inGroups joins the steps that were taken as those are that are wanted, where
// several may come in any order.
func (f *faultFS) inGroups(want []string) (got []string) {
	rest := f.trace
	for _, w := range want {
		n := min(len(strings.Split(w, " | ")), len(rest))
		group := slices.Sorted(slices.Values(rest[:n]))
		got, rest = append(got, strings.Join(group, " | ")), rest[n:]
	}
	return append(got, rest...)
}

func TestAppendSyncsWhatAnEarlierProcessLeft(t *testing.T) {
	dir := t.TempDir()
	s, _ := faulty(t, dir, nil)
	_ = started(t, s, first) // neither synced nor closed
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, f := faulty(t, dir, nil)
	d, err := s.Append(t.Context(), faultKey)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"update drafts/a+b+c", "sync drafts/a+b+c",
		"syncdir drafts",
	}
	if diff := cmp.Diff(want, f.trace); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d.Size() != int64(len(first)) {
		t.Errorf("Size is %d, %d bytes were written", d.Size(), len(first))
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
