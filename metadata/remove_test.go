package metadata_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

func put(t *testing.T, files storage.Store, key string, commit bool) {
	t.Helper()
	d, err := files.Create(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Write([]byte(key)); err != nil {
		t.Fatal(err)
	}
	if commit {
		if err := d.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func left(t *testing.T, files storage.Store) []string {
	t.Helper()
	var keys []string
	for _, list := range []func(context.Context, string) func(func(storage.Info, error) bool){
		func(ctx context.Context, p string) func(func(storage.Info, error) bool) { return files.List(ctx, p) },
		func(ctx context.Context, p string) func(func(storage.Info, error) bool) { return files.Drafts(ctx, p) },
	} {
		for info, err := range list(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, info.Key)
		}
	}
	return keys
}

func TestADeletedAssetLeavesNoFiles(t *testing.T) {
	s := newSite(t, nil)
	files, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	gone, stays := s.asset("ann", "gone"), s.asset("ann", "stays")
	err = s.store.Update(t.Context(), func(tx metadata.Tx) error {
		gone.Poster = "posters/one.jpg"
		return tx.UpdateAsset(t.Context(), gone)
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, files, "assets/"+gone.ID+"/u1/source", true)
	put(t, files, "assets/"+gone.ID+"/u1/index", true)
	put(t, files, "assets/"+gone.ID+"/u2/source", false)
	put(t, files, "posters/one.jpg", true)
	put(t, files, "assets/"+stays.ID+"/u3/source", true)

	remove := metadata.RemoveFiles(s.store, files)
	if err := remove(t.Context(), events.Event{Type: events.AssetDeleted, Asset: gone.ID, Data: map[string]any{"keys": []any{"assets/" + stays.ID + "/"}}}); err == nil {
		t.Error("the files of an asset that is there were removed")
	}
	s.expect(http.StatusNoContent, call{method: http.MethodDelete, path: "/" + gone.ID})
	for _, e := range s.outbox() {
		if e.Type != events.AssetDeleted {
			continue
		}
		for range 2 { // it may come again
			if err := remove(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	equal(t, "left", left(t, files), []string{"assets/" + stays.ID + "/u3/source"})
	if err := remove(t.Context(), events.Event{Type: events.AssetDeleted, Asset: "../x"}); err == nil {
		t.Error("something that is no id was taken for one")
	}
}

func TestWhatIsReplacedIsRemovedUnlessItIsUsed(t *testing.T) {
	s := newSite(t, nil)
	files, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	a := s.asset("ann", "a film")
	key := func(upload, name string) string { return "assets/" + a.ID + "/" + upload + "/" + name }
	err = s.store.Update(t.Context(), func(tx metadata.Tx) error {
		a.Source, a.Index = key("u1", "source"), "elsewhere/index"
		if err := tx.UpdateAsset(t.Context(), a); err != nil {
			return err
		}
		for id, state := range map[string]metadata.UploadState{
			"u2": metadata.UploadOpen, "u3": metadata.UploadComplete, "u4": metadata.UploadFailed, "u5": metadata.UploadCanceled,
		} {
			u := metadata.Upload{ID: id, Asset: a.ID, Owner: "ann", Key: key(id, "source"), State: state}
			if err := tx.InsertUpload(t.Context(), &u); err != nil {
				return err
			}
		}
		u6 := metadata.Upload{ID: "u6", Asset: a.ID, Owner: "ann", State: metadata.UploadComplete}
		return tx.InsertUpload(t.Context(), &u6)
	})
	if err != nil {
		t.Fatal(err)
	}
	keys := []any{"elsewhere/index", "assets/", key("", "")[:len(key("", ""))-1]}
	put(t, files, "elsewhere/index", true)
	for _, id := range []string{"u1", "u2", "u3", "u4", "u5", "u6", "u7"} {
		put(t, files, key(id, "source"), id != "u2")
		put(t, files, key(id, "index"), true)
		keys = append(keys, key(id, "source"), key(id, "index"))
	}
	remove := metadata.RemoveFiles(s.store, files)
	for _, other := range []events.Type{events.AssetCreated, events.AssetReady} {
		if err := remove(t.Context(), events.Event{Type: other, Asset: a.ID, Data: map[string]any{"keys": keys}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := left(t, files); len(got) != 15 {
		t.Fatalf("events that leave nothing removed files: %q are left", got)
	}
	for range 2 { // it may come again
		for _, e := range []events.Event{
			{Type: events.AssetReplaced, Asset: a.ID, Data: map[string]any{"keys": keys}},
			{Type: events.UploadRefused, Asset: a.ID, Data: map[string]any{"error": "without keys"}},
			{Type: events.UploadRefused}, // of an upload that never was
		} {
			if err := remove(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{
		key("u1", "source"), key("u2", "index"), key("u3", "index"), key("u3", "source"), "elsewhere/index", key("u2", "source"),
	}
	equal(t, "left", left(t, files), want)
}

func TestPagesOfOtherOriginsMayNotWrite(t *testing.T) {
	s := newSite(t, nil)
	evil := http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}
	s.expect(http.StatusForbidden, call{method: http.MethodPost, body: `{"title":"x"}`, header: evil})
	s.expect(http.StatusOK, call{header: evil})
}

func TestWhatPartsLeaveIsRemovedOnceTheyDoNotReferToIt(t *testing.T) {
	s := newSite(t, nil)
	files, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	key := func(id string) string { return metadata.PartPrefix + id + "/source" }
	gone, spent, stays := metadata.NewID(), metadata.NewID(), metadata.NewID()
	put(t, files, key(gone), true)
	put(t, files, key(spent), true)
	put(t, files, key(stays), true)
	err = s.store.Update(t.Context(), func(tx metadata.Tx) error {
		return errors.Join(
			tx.InsertUpload(t.Context(), &metadata.Upload{ID: stays, Owner: "ann", Key: key(stays), State: metadata.UploadComplete}),
			tx.InsertUpload(t.Context(), &metadata.Upload{ID: spent, Owner: "ann", State: metadata.UploadComplete}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := s.asset("ann", "made of parts")
	remove := metadata.RemoveFiles(s.store, files)
	for _, e := range []events.Event{
		{Type: events.UploadComplete, Asset: whole.ID},
		{Type: events.UploadProgress, Data: map[string]any{"keys": []any{key(gone)}}},
	} {
		if err := remove(t.Context(), e); err != nil || len(left(t, files)) != 3 {
			t.Fatalf("%s leaves %q, %v", e.Type, left(t, files), err)
		}
	}
	e := events.Event{Type: events.UploadComplete, Asset: whole.ID, Data: map[string]any{"keys": []any{key(gone), key(spent), key(stays), metadata.PartPrefix}}}
	for range 2 { // it may come again
		if err := remove(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if got := left(t, files); len(got) != 1 || got[0] != key(stays) {
		t.Errorf("left are %q, want what belongs to a part that is there", got)
	}
	err = s.store.Update(t.Context(), func(tx metadata.Tx) error { return tx.DeleteUpload(t.Context(), stays) })
	if err != nil {
		t.Fatal(err)
	}
	e = events.Event{Type: events.UploadCanceled, Upload: stays, Data: map[string]any{"keys": []any{key(stays)}}}
	if err := remove(t.Context(), e); err != nil || len(left(t, files)) != 0 {
		t.Errorf("a cancelled part leaves %q, %v", left(t, files), err)
	}
}
