package upload_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// A maker stands for a transcoder: it writes down what waits.
type maker struct {
	*house
	refuse error
	waits  []*metadata.Upload

	replaced []*metadata.Upload
	keep     error // refuses that something is replaced
}

func newMaker(t *testing.T) *maker {
	t.Helper()
	m := &maker{}
	m.house = newHouse(t, &upload.Options{OnComplete: upload.Inspect, Transcoder: true, Waits: m.wait, Replaced: m.replace})
	return m
}

func (m *maker) wait(ctx context.Context, tx metadata.Tx, a *metadata.Asset, u *metadata.Upload) error {
	if m.refuse != nil {
		return m.refuse
	}
	m.waits = append(m.waits, u)
	id := metadata.NewID()
	return tx.InsertUpload(ctx, &metadata.Upload{
		ID: id, Asset: a.ID, Owner: a.Owner, Key: upload.SourceKey(a.ID, id), State: metadata.UploadTranscoding, Size: -1,
		Protocol: metadata.ProtocolTranscode, Metadata: map[string]string{"of": u.ID},
	})
}

func (m *maker) replace(ctx context.Context, tx metadata.Tx, a *metadata.Asset, u *metadata.Upload) error {
	if m.keep != nil {
		return m.keep
	}
	m.replaced = append(m.replaced, u)
	now, err := tx.Asset(ctx, a.ID)
	if err != nil || now.Version != a.Version {
		m.t.Errorf("the asset is not the one that was written: %v", err)
	}
	return tx.UpdateUpload(ctx, u)
}

// made are the uploads of the maker, the oldest first.
func (m *maker) made(asset string) (list []*metadata.Upload) {
	m.t.Helper()
	all, err := m.meta.UploadsOf(m.t.Context(), asset)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, u := range all {
		if u.Protocol == metadata.ProtocolTranscode {
			list = append(list, u)
		}
	}
	return list
}

// write makes the draft of an upload.
func (m *maker) write(u *metadata.Upload, file []byte, commit bool) {
	m.t.Helper()
	d, err := m.files.Create(m.t.Context(), u.Key)
	if err != nil {
		m.t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Write(file); err != nil {
		m.t.Fatal(err)
	}
	if commit {
		err = d.Commit(m.t.Context())
	} else {
		err = d.Sync()
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// finish makes a file of an upload, and has it inspected by who comes next.
func (m *maker) finish(u *metadata.Upload, file []byte) {
	m.t.Helper()
	m.write(u, file, true)
	err := m.meta.Update(m.t.Context(), func(tx metadata.Tx) error {
		now, err := tx.Upload(m.t.Context(), u.ID)
		if err != nil {
			return err
		}
		now.State, now.Size, now.Offset, now.Type = metadata.UploadComplete, int64(len(file)), int64(len(file)), "video/mp4"
		return tx.UpdateUpload(m.t.Context(), now)
	})
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.up.Recover(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
}

func (m *maker) kept(blobs, drafts int) {
	m.t.Helper()
	m.carry()
	if b, d := m.blobs(); b != blobs || d != drafts {
		m.t.Errorf("%d blobs and %d drafts are left, want %d and %d", b, d, blobs, drafts)
	}
}

func TestWhatWaitsForTheTranscoderPlaysWhatThatMade(t *testing.T) {
	m := newMaker(t)
	came := corpusFile(t, foreign)
	waiting := m.post(came, "?filename=came.mkv")
	if waiting.State != metadata.Processing || waiting.Waiting != metadata.WaitTranscoder || waiting.Source != "" || waiting.Kept() == "" || len(m.waits) != 1 {
		t.Fatalf("%+v, and %d were told", waiting, len(m.waits))
	}
	stored, err := m.meta.Stored(t.Context(), "alice")
	if err != nil || stored != int64(len(came)) {
		t.Errorf("%d bytes are stored, want %d: %v", stored, len(came), err)
	}
	if used, err := m.meta.Usage(t.Context(), "alice"); err != nil || used != (metadata.Usage{}) {
		t.Errorf("what is made counts as an open upload: %+v, %v", used, err)
	}
	u := m.made(waiting.ID)[0]
	m.write(u, came[:10], false)
	if err := m.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.kept(1, 1)
	if got := m.asset(waiting.ID); got.Version != waiting.Version {
		t.Error("Recover touched an asset that waits")
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		m.want(m.tus(method, "/"+u.ID, nil), http.StatusNotFound)
	}
	if err := m.files.Delete(t.Context(), u.Key); err != nil {
		t.Fatal(err)
	}
	m.finish(u, corpusFile(t, goodFilm))
	a := m.asset(waiting.ID)
	if a.State != metadata.Ready || !a.Playable || a.Waiting != "" || a.Source != u.Key || a.Kept() != waiting.Kept() {
		t.Errorf("%+v", a)
	}
	if a.Size != int64(len(came)) || a.SHA256 != waiting.SHA256 || a.Filename != "came.mkv" || a.SourceID() != "upload "+u.ID {
		t.Errorf("it says of its file: %d bytes, %q, %q, as %q", a.Size, a.SHA256, a.Filename, a.SourceID())
	}
	m.kept(3, 0) // as it came, what was made of it, and the index of that
}

func TestTheTranscoderIsToldInTheTransactionOfTheAsset(t *testing.T) {
	m := newMaker(t)
	m.refuse = errors.New("the queue is full")
	a := m.post(corpusFile(t, foreign), "")
	if a.State != metadata.Processing || a.Waiting != "" || len(m.made(a.ID)) != 0 {
		t.Fatalf("it waits for somebody who was not told: %+v", a)
	}
	m.refuse = nil
	if err := m.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := m.asset(a.ID); a.Waiting != metadata.WaitTranscoder || len(m.made(a.ID)) != 1 {
		t.Errorf("it was not tried again: %+v", a)
	}
}

func TestAnotherFileEndsWhatIsMadeOfTheOneBefore(t *testing.T) {
	m := newMaker(t)
	a := m.post(corpusFile(t, foreign), "")
	u := m.made(a.ID)[0]
	m.write(u, []byte("beginning"), false)
	now := m.post(corpusFile(t, goodFilm), "?asset_id="+a.ID)
	if now.State != metadata.Ready || now.Waiting != "" || now.Settling != (metadata.Settling{}) {
		t.Errorf("%+v", now)
	}
	if got := m.upload(u.ID); got.State != metadata.UploadCanceled || got.Error == "" {
		t.Errorf("the transcode is %s: %q", got.State, got.Error)
	}
	if len(m.replaced) != 1 || m.replaced[0].ID != u.ID {
		t.Errorf("the transcoder is told of %+v", m.replaced)
	}
	m.kept(2, 0)
}

func TestTheTranscoderIsToldOfWhatItNeedNotMakeInTheTransaction(t *testing.T) {
	m := newMaker(t)
	a := m.post(corpusFile(t, foreign), "")
	u := m.made(a.ID)[0]
	m.keep = errors.New("the queue is full")
	now := m.post(corpusFile(t, goodFilm), "?asset_id="+a.ID)
	if now.Source != "" || m.upload(u.ID).State != metadata.UploadTranscoding {
		t.Fatalf("it was replaced, and nobody was told: %+v", now)
	}
	m.keep = nil
	if err := m.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := m.asset(a.ID); now.Source == "" || m.upload(u.ID).State != metadata.UploadCanceled || len(m.replaced) != 1 {
		t.Errorf("it was not tried again: %+v", now)
	}
}

func TestAnotherFileThatWaitsEndsWhatIsMadeOfTheOneBefore(t *testing.T) {
	m := newMaker(t)
	a := m.post(corpusFile(t, foreign), "")
	u := m.made(a.ID)[0]
	m.write(u, []byte("beginning"), false)
	now := m.post(corpusFile(t, foreign), "?asset_id="+a.ID)
	made := m.made(a.ID)
	if now.Waiting == "" || now.Kept() == a.Kept() || len(made) != 2 || made[0].State != metadata.UploadCanceled || made[1].State != metadata.UploadTranscoding {
		t.Errorf("%+v, %+v", now, made)
	}
	m.kept(1, 0)
}

func TestWhatPlaysGoesOnUntilTheOtherFileIsTranscoded(t *testing.T) {
	m := newMaker(t)
	first := m.post(corpusFile(t, goodFilm), "")
	second := m.post(corpusFile(t, foreign), "?asset_id="+first.ID)
	if !second.Playable || second.Source != first.Source || second.Waiting != metadata.WaitTranscoder || len(m.waits) != 1 {
		t.Fatalf("%+v", second)
	}
	u := m.made(first.ID)[0]
	m.finish(u, corpusFile(t, otherFilm))
	a := m.asset(first.ID)
	if a.State != metadata.Ready || a.Source != u.Key || a.Size != m.waits[0].Size || a.Kept() == first.Source || a.Kept() == a.Source {
		t.Errorf("%+v", a)
	}
	m.kept(3, 0)
}

func TestAFileThatReplacesOneThatWaitsBehindAnotherEndsThat(t *testing.T) {
	m := newMaker(t)
	first := m.post(corpusFile(t, goodFilm), "")
	m.post(corpusFile(t, foreign), "?asset_id="+first.ID)
	last := m.post(corpusFile(t, otherFilm), "?asset_id="+first.ID)
	if last.State != metadata.Ready || last.Waiting != "" || last.Settling != (metadata.Settling{}) {
		t.Errorf("%+v", last)
	}
	states := []metadata.UploadState{m.made(first.ID)[0].State, m.upload(m.waits[0].ID).State}
	if diff := cmp.Diff([]metadata.UploadState{metadata.UploadCanceled, metadata.UploadCanceled}, states); diff != "" {
		t.Errorf("the transcode, and the file that waited (-want +got):\n%s", diff)
	}
	m.kept(2, 0)
}

func TestWhatWasMadeAndDoesNotPlayIsRefusedAlone(t *testing.T) {
	m := newMaker(t)
	a := m.post(corpusFile(t, foreign), "")
	u := m.made(a.ID)[0]
	m.finish(u, corpusFile(t, goodFilm)[:1000])
	if now := m.asset(a.ID); now.State != metadata.Processing || now.Waiting == "" || now.Kept() != a.Kept() || m.upload(u.ID).State != metadata.UploadFailed {
		t.Errorf("%+v, and %+v", now, m.upload(u.ID))
	}
	m.kept(1, 0)
}

func TestDeletingAnAssetLeavesNothingOfATranscode(t *testing.T) {
	m := newMaker(t)
	a := m.post(corpusFile(t, foreign), "")
	m.write(m.made(a.ID)[0], []byte("beginning"), false)
	err := m.meta.Update(t.Context(), func(tx metadata.Tx) error {
		if err := tx.DeleteAsset(t.Context(), a.ID); err != nil {
			return err
		}
		return tx.Emit(t.Context(), deletion(a))
	})
	if err != nil {
		t.Fatal(err)
	}
	m.kept(0, 0)
}

func deletion(a *metadata.Asset) *events.Event {
	return &events.Event{Type: events.AssetDeleted, Owner: a.Owner, Asset: a.ID}
}

func TestWhatIsBeingMadeOfAFileIsNotBegunAgain(t *testing.T) {
	m := newMaker(t)
	first := m.post(corpusFile(t, goodFilm), "")
	m.post(corpusFile(t, foreign), "?asset_id="+first.ID)
	for _, says := range []string{metadata.WaitFFmpeg, metadata.WaitTranscoder} {
		m.edit(first.ID, func(a *metadata.Asset, _ []*metadata.Upload) {
			a.Waiting, a.Reason = says, "something of the transcoder's own"
		})
		if err := m.up.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if made := m.made(first.ID); len(made) != 1 {
		t.Errorf("%d transcodes of one file", len(made))
	}
}

func TestTheFileThatSomethingWasMadeOfIsKeptWhateverElseIsMadeOfIt(t *testing.T) {
	m := newMaker(t)
	first := m.post(corpusFile(t, goodFilm), "")
	m.post(corpusFile(t, foreign), "?asset_id="+first.ID)
	came := m.waits[0]
	if err := m.meta.Update(t.Context(), func(tx metadata.Tx) error { return m.wait(t.Context(), tx, first, came) }); err != nil {
		t.Fatal(err)
	}
	made := m.made(first.ID)
	m.finish(made[0], corpusFile(t, otherFilm))
	if a := m.asset(first.ID); a.Source != made[0].Key || a.Kept() != came.Key {
		t.Errorf("%+v", a)
	}
	m.kept(3, 0) // as it came, what was made of it, and the index of that
	if got := m.upload(made[1].ID); got.State != metadata.UploadCanceled {
		t.Errorf("the other is %s", got.State)
	}
}

func TestEachFileThatWaitsIsSeenTo(t *testing.T) {
	cases := []struct {
		name   string
		finish []int // of which file, in order
		states []metadata.UploadState
	}{
		{"in the order in which they came", []int{0, 1}, []metadata.UploadState{metadata.UploadComplete, metadata.UploadComplete}},
		{"the last one first, which ends the other", []int{1}, []metadata.UploadState{metadata.UploadCanceled, metadata.UploadComplete}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newMaker(t)
			first := m.post(corpusFile(t, goodFilm), "")
			m.post(corpusFile(t, foreign), "?asset_id="+first.ID)
			m.post(corpusFile(t, foreign), "?asset_id="+first.ID)
			made := m.made(first.ID)
			if len(made) != 2 {
				t.Fatalf("%d transcodes of two files", len(made))
			}
			for n, i := range c.finish {
				m.finish(made[i], corpusFile(t, otherFilm))
				a := m.asset(first.ID)
				if waits := n < len(c.finish)-1; a.Source != made[i].Key || !a.Playable || waits != (a.Waiting != "") || waits != (a.State == metadata.Processing) {
					t.Errorf("after file %d: %+v", i, a)
				}
			}
			got := []metadata.UploadState{m.upload(made[0].ID).State, m.upload(made[1].ID).State}
			if diff := cmp.Diff(c.states, got); diff != "" {
				t.Errorf("the transcodes (-want +got):\n%s", diff)
			}
			m.kept(3, 0)
		})
	}
}

// A recorder does something when it is told the first time.
type recorder func()

func (r *recorder) Record(context.Context, events.Event) error {
	if do := *r; do != nil {
		*r = nil
		do()
	}
	return nil
}

// TestWhatWasMadeIsTakenOnce has a worker inspect what another one has taken since,
// and a rung has joined, or settling has rewritten.
func TestWhatWasMadeIsTakenOnce(t *testing.T) {
	cases := []struct {
		name    string
		settled bool
		late    bool // it is taken while the worker is at it
	}{
		{"it plays already", false, false},
		{"it comes to play while it is inspected", false, true},
		{"it was rewritten", true, false},
		{"it is rewritten while it is inspected", true, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newMaker(t)
			a := m.post(corpusFile(t, foreign), "")
			u := m.made(a.ID)[0]
			m.write(u, corpusFile(t, goodFilm), true)
			m.edit(a.ID, func(_ *metadata.Asset, uploads []*metadata.Upload) {
				made := uploads[1]
				made.State, made.Size = metadata.UploadComplete, 1000
			})
			stale := m.upload(u.ID)
			var before *metadata.Asset
			take := recorder(func() {
				if err := m.up.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
				m.edit(a.ID, func(now *metadata.Asset, uploads []*metadata.Upload) {
					now.Renditions = append(now.Renditions, metadata.Rendition{Name: "720p", Source: "assets/720p"})
					if c.settled {
						now.Settling.State, now.Source, uploads[1].Key = metadata.Settled, "settled", "settled"
					}
				})
				before = m.asset(a.ID)
			})
			if !c.late {
				_ = take.Record(t.Context(), events.Event{})
			}
			err := upload.Inspect(t.Context(), &upload.Completed{Upload: stale, Asset: a, Files: m.files, Meta: m.meta, Recorder: &take})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, m.asset(a.ID)); diff != "" {
				t.Errorf("the asset was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// edit changes an asset and its uploads.
func (m *maker) edit(asset string, fn func(*metadata.Asset, []*metadata.Upload)) {
	m.t.Helper()
	err := m.meta.Update(m.t.Context(), func(tx metadata.Tx) error {
		a, err := tx.Asset(m.t.Context(), asset)
		if err != nil {
			return err
		}
		uploads, err := tx.UploadsOf(m.t.Context(), asset)
		if err != nil {
			return err
		}
		fn(a, uploads)
		for _, u := range uploads {
			if err := tx.UpdateUpload(m.t.Context(), u); err != nil {
				return err
			}
		}
		return tx.UpdateAsset(m.t.Context(), a)
	})
	if err != nil {
		m.t.Fatal(err)
	}
}
