package hls

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// fragmentWith reads a segment behind an init segment by another reader of boxes.
func fragmentWith(t testing.TB, init, segment []byte) (*mp4.InitSegment, *mp4.Fragment) {
	t.Helper()
	file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), segment...)))
	if err != nil {
		t.Fatal(err)
	}
	return file.Init, file.Segments[0].Fragments[0]
}

// tencOf is what an init segment says of encryption.
func tencOf(t testing.TB, init *mp4.InitSegment) *mp4.TencBox {
	t.Helper()
	for _, entry := range init.Moov.Trak.Mdia.Minf.Stbl.Stsd.Children {
		switch e := entry.(type) {
		case *mp4.VisualSampleEntryBox:
			return e.Sinf.Schi.Tenc
		case *mp4.AudioSampleEntryBox:
			return e.Sinf.Schi.Tenc
		}
	}
	t.Fatal("there is no tenc")
	return nil
}

// Each period has another key: an init segment of its own says so to players of
// HLS, and the fragment itself to those of DASH, who have the first one alone.
func TestKeysOfSampleAESChangeWithThePeriod(t *testing.T) {
	long := clip{frames: 40 * clipRate, frameSize: 2000, gop: clipRate, audio: 1}
	l := newLibrary(t, long, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: derived(t), Period: 2}})
	h := by(ann, l)
	for i, track := range []string{"v1", "a2"} {
		at := base(t, h, "/film", track)
		keys := keysOf(t, h, at, "index.m3u8")
		playlist := segmentsIn(content(t, ask(h, "GET", at+"index.m3u8")))
		for n := range l.index.Tracks[i].Segments {
			wantMap := "init.mp4"
			if n >= 2 {
				wantMap = fmt.Sprintf("init-%d.mp4", n/2)
			}
			if d := cmp.Diff("#EXT-X-MAP:URI=\""+wantMap+"\"\n", playlist[n].init); d != "" {
				t.Errorf("%s, segment %d: %s", track, n, d)
			}
			own := content(t, ask(h, "GET", at+wantMap))
			answer := ask(h, "GET", at+segmentName(n))
			sent := content(t, answer)
			for _, r := range [][2]int{{0, 99}, {150, 400}, {len(sent) - 33, len(sent) - 1}} {
				part := content(t, ask(h, "GET", at+segmentName(n), "Range", fmt.Sprintf("bytes=%d-%d", r[0], r[1])))
				if !bytes.Equal(part, sent[r[0]:r[1]+1]) {
					t.Errorf("%s: bytes %v of segment %d differ", track, r, n)
				}
			}
			if size := ask(h, "HEAD", at+segmentName(n)).ContentLength; size != int64(len(sent)) || answer.ContentLength != size {
				t.Errorf("%s: segment %d has %d bytes, %d by HEAD", track, n, len(sent), size)
			}
			init, fragment := fragmentWith(t, own, sent)
			tenc := tencOf(t, init)
			checkGroup(t, fragment, tenc, n < 2)
			info, err := mp4.DecryptInit(init)
			if err != nil {
				t.Fatal(err)
			}
			if err := mp4.DecryptFragment(fragment, info, keys[n]); err != nil {
				t.Fatal(err)
			}
			want := segment(t, l.index, i, n, l.files.blobs["film/source"])
			if got := fragment.Mdat.Data; !bytes.Equal(got, want[len(want)-len(got):]) {
				t.Errorf("%s: segment %d differs", track, n)
			}
			if n > 0 && bytes.Equal(keys[n], keys[n-1]) != (n%2 == 1) {
				t.Errorf("%s: the key does not change with each second segment: %d", track, n)
			}
		}
		for _, path := range []string{"init-0.mp4", "init-99.mp4"} {
			if a := ask(h, "GET", at+path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s", path, a.Status)
			}
		}
	}
	open := by(ann, newLibrary(t, long, nil))
	if a := ask(open, "GET", base(t, open, "/film", "v1")+"init-1.mp4"); a.StatusCode != http.StatusNotFound {
		t.Errorf("of what is not encrypted: %s", a.Status)
	}
}

// checkGroup holds the sample group of a fragment against what its own init segment
// says. In the first period there is none.
func checkGroup(t testing.TB, f *mp4.Fragment, tenc *mp4.TencBox, first bool) {
	t.Helper()
	traf := f.Moof.Traf
	if first {
		if traf.Sgpd != nil || traf.Sbgp != nil {
			t.Error("the first period has a sample group")
		}
		return
	}
	if traf.Sgpd == nil || traf.Sbgp == nil || len(traf.Sgpd.SampleGroupEntries) != 1 {
		t.Fatal("there is no sample group")
	}
	got, ok := traf.Sgpd.SampleGroupEntries[0].(*mp4.SeigSampleGroupEntry)
	want := &mp4.SeigSampleGroupEntry{
		CryptByteBlock: tenc.DefaultCryptByteBlock, SkipByteBlock: tenc.DefaultSkipByteBlock, IsProtected: 1,
		KID: tenc.DefaultKID, ConstantIV: tenc.DefaultConstantIV,
	}
	if d := cmp.Diff(want, got); d != "" || !ok {
		t.Error(d)
	}
	all := traf.Sbgp
	if d := cmp.Diff([]uint32{traf.Trun.SampleCount()}, all.SampleCounts); d != "" {
		t.Errorf("samples of the group: %s", d)
	}
	if d := cmp.Diff([]uint32{0x10001}, all.GroupDescriptionIndices); d != "" {
		t.Errorf("the group is not that of the fragment: %s", d)
	}
}

// One licence has the keys of all periods, for hls.js and for DASH.
func TestOneLicenceHasTheKeysOfAllPeriods(t *testing.T) {
	l := newLibrary(t, clip{frames: 40 * clipRate, frameSize: 2000, gop: clipRate, audio: 1}, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: derived(t), Period: 1, ClearKey: true}})
	h := by(ann, l)
	at := base(t, h, "/film", "v1")
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`URI="data:text/plain;base64,([^"]*)"`).FindAllSubmatch(content(t, ask(h, "GET", at+"index.m3u8")), -1) {
		named[string(m[1])] = true
	}
	if len(named) != len(l.index.Tracks[0].Segments) {
		t.Errorf("the playlist names %d keys, there are %d segments", len(named), len(l.index.Tracks[0].Segments))
	}
	for _, name := range []string{"init.mp4", "init-3.mp4"} {
		file, err := mp4.DecodeFile(bytes.NewReader(content(t, ask(h, "GET", at+name))))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(file.Init.Moov.Pssh.KIDs), len(l.index.Tracks[0].Segments)+len(l.index.Tracks[1].Segments); got != want {
			t.Errorf("%s names %d keys, want %d", name, got, want)
		}
	}
}

// What DRM systems have to know of a key stands in the fragments that have it.
func TestFragmentsOfLaterPeriodsHaveTheBoxesOfTheirKeys(t *testing.T) {
	boxOf := func(n byte) []byte { return (&protection{keys: []*ContentKey{{ID: KeyID{n}}}}).commonBox() }
	keys := providerFunc(func(r *KeyRequest) ([]ContentKey, error) {
		list := make([]ContentKey, len(r.Uses))
		for i := range list {
			list[i] = ContentKey{ID: KeyID{byte(i + 1)}, Key: Key{byte(i)}, Systems: []KeySystem{{ID: commonSystem, PSSH: boxOf(byte(i + 1))}}}
		}
		return list, nil
	})
	l := newLibrary(t, clip{frames: 20 * clipRate, frameSize: 2000, gop: clipRate, audio: 1}, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: keys, Period: 1, NoDelivery: true}})
	h := by(ann, l)
	for _, track := range []string{"v1", "a2"} {
		at := base(t, h, "/film", track)
		init := content(t, ask(h, "GET", at+"init.mp4"))
		for n := range 3 {
			answer := ask(h, "GET", at+segmentName(n))
			sent := content(t, answer)
			if size := ask(h, "HEAD", at+segmentName(n)).ContentLength; size != int64(len(sent)) {
				t.Errorf("%s: segment %d has %d bytes, %d by HEAD", track, n, len(sent), size)
			}
			_, fragment := fragmentWith(t, init, sent)
			var want []byte
			if n > 0 {
				group, _ := fragment.Moof.Traf.Sgpd.SampleGroupEntries[0].(*mp4.SeigSampleGroupEntry)
				want = boxOf(group.KID[0])
			}
			var got bytes.Buffer
			if p := fragment.Moof.Pssh; p != nil {
				if err := p.Encode(&got); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s, segment %d: %x, want %x", track, n, got.Bytes(), want)
			}
		}
	}
}

// While a file grows nobody knows how many periods there will be: its init segment
// names the keys of all that there can be, and so never changes.
func TestAFileThatGrowsWantsTheKeysOfAllPeriods(t *testing.T) {
	e := &Encryption{Scheme: SampleAES, Period: 3}
	file := func(segments int, grown bool) []*mediaFile {
		return []*mediaFile{{grown: grown, index: &media.Index{Tracks: []*media.Track{{Kind: media.Audio, Segments: make([]media.Segment, segments)}}}}}
	}
	for _, segments := range []int{1, 7, 1000} {
		if n := len(e.uses(file(segments, true))); n != maxSamplePeriods {
			t.Errorf("%d keys with %d segments", n, segments)
		}
	}
	if n := len(e.uses(file(7, false))); n != 3 {
		t.Errorf("%d keys of a file that is all there", n)
	}
	e.Period = 0
	if n := len(e.uses(file(7, true))); n != 1 {
		t.Errorf("%d keys where they do not change", n)
	}
}
