package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
	"github.com/streamgate/streamgate/validate"
)

// extras makes what is shown beside the film: a poster, thumbnails and subtitles. A film goes
// without what cannot be made, and the transcode says why.
func (t *Transcoder) extras(ctx context.Context, w *work) error {
	p, _, err := t.planOf(ctx, w.record)
	if err != nil {
		return err
	}
	var left []string
	skip := func(what string, err error) error {
		if err == nil || ctx.Err() != nil || !t.final(w, err) {
			return err
		}
		left = append(left, what+": "+reason(err))
		return nil
	}
	if err := t.images(ctx, w, p, skip); err != nil {
		return err
	}
	texts, err := t.texts(ctx, w, p, skip)
	if err != nil {
		return err
	}
	return t.update(ctx, w, true, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		r.Parts[partExtras], r.Left = w.by(), append(r.Left, left...)
		if err := t.addCaptions(ctx, tx, u, texts); err != nil {
			return err
		}
		return t.submit(ctx, tx, u, kindAssemble, jobs.Urgent, args{})
	})
}

// images makes a poster and thumbnails; skip takes the errors of what is left out.
func (t *Transcoder) images(ctx context.Context, w *work, p *Plan, skip func(what string, err error) error) error {
	if p.Source().Video == nil {
		return nil
	}
	in, done, err := t.pictures(ctx, w)
	if err != nil {
		return err
	}
	defer done()
	if t.wantsPoster(w.asset) {
		if err := skip("the poster", t.poster(ctx, w.asset, p, in, folder(w.upload)+"poster-"+w.by())); err != nil {
			return err
		}
	}
	if w.asset.Thumbnails == nil {
		return skip("thumbnails", t.thumbnails(ctx, w, p, in))
	}
	return nil
}

// texts makes subtitles; skip takes the errors of what is left out.
func (t *Transcoder) texts(ctx context.Context, w *work, p *Plan, skip func(what string, err error) error) (texts []metadata.Caption, err error) {
	if len(p.Texts) == 0 {
		return nil, nil
	}
	in, done, err := t.input(ctx, w)
	if err != nil {
		return nil, err
	}
	defer done()
	for i := range p.Texts {
		c, err := t.caption(ctx, w, p, in, p.Texts[i], texts)
		if err := skip(fmt.Sprintf("the subtitles of stream %d", p.Texts[i].Stream), err); err != nil {
			return nil, err
		}
		if err == nil {
			texts = append(texts, c)
		}
	}
	return texts, nil
}

func (t *Transcoder) thumbnails(ctx context.Context, w *work, p *Plan, in ffmpeg.Input) (err error) {
	tiles := p.Thumbnails()
	tiles.Prefix = folder(w.upload) + "thumbnails/" + w.by() + "-" // where they are tidied up if they are of no use
	cmd := p.ThumbnailsCommand(in, tiles)
	cmd.Progress = t.follow(w, partExtras)
	res, err := t.Programs.Run(ctx, cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	return rendition.SetThumbnails(ctx, t.Files, &ofTask{t.Metadata, w}, w.asset.ID, tiles, func(n int) ([]byte, error) {
		return readLimited(filepath.Join(res.Dir, ThumbnailFile(n)), maxImage)
	})
}

// maxImage bounds an image of thumbnails, in bytes.
const maxImage = 16 << 20

// readLimited reads a file that ffmpeg wrote.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, problem.Because(ErrOutput, err, "ffmpeg did not write %s", filepath.Base(path))
	}
	defer f.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = problem.Errorf(ErrOutput, "%s is larger than %d bytes", filepath.Base(path), limit)
	}
	return body, err
}

// caption makes subtitles of a stream, in a language that there are none in yet.
func (t *Transcoder) caption(ctx context.Context, w *work, p *Plan, in ffmpeg.Input, text Text, have []metadata.Caption) (c metadata.Caption, err error) {
	c = metadata.Caption{Language: tagOf(text.Language), Label: labelOf(text.Title), Kind: metadata.Spoken, Forced: text.Forced}
	taken := func(list []metadata.Caption) bool {
		return slices.ContainsFunc(list, func(o metadata.Caption) bool { return strings.EqualFold(o.Language, c.Language) })
	}
	if taken(have) || taken(w.asset.Captions) {
		return c, problem.Errorf(ErrSource, "there are others in the language %q", c.Language)
	}
	res, err := t.Programs.Run(ctx, p.TextCommand(in, text))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	file, err := readLimited(filepath.Join(res.Dir, text.File()), captions.MaxBytes)
	if err != nil {
		return c, err
	}
	cues, err := captions.Parse(file)
	if err != nil {
		return c, problem.Because(ErrOutput, err, "they cannot be read: %v", err)
	}
	c.Key = folder(w.upload) + "captions/" + metadata.NewID() // where it is tidied up if it is of no use
	_, err = t.write(ctx, c.Key, func(dst io.Writer) error {
		_, err := dst.Write(captions.Format(cues))
		return err
	})
	return c, err
}

// tagOf is a language that playlists may name.
func tagOf(language string) string {
	if validate.LanguageTag("language", language) != nil {
		return "und"
	}
	return language
}

// labelOf is a title that somebody wrote into a file, where it can be shown.
func labelOf(title string) string {
	title = strings.TrimSpace(title)
	if validate.Line("title", title, metadata.MaxTag) != nil {
		return ""
	}
	return title
}

// addCaptions gives the asset those in languages that it has none in by now.
func (t *Transcoder) addCaptions(ctx context.Context, tx metadata.Tx, u *metadata.Upload, list []metadata.Caption) error {
	if len(list) == 0 {
		return nil
	}
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil {
		return err
	}
	for _, c := range list {
		there := slices.ContainsFunc(a.Captions, func(o metadata.Caption) bool { return strings.EqualFold(o.Language, c.Language) })
		if there || len(a.Captions) >= metadata.MaxCaptions {
			continue // its file is removed with what is lost
		}
		a.Captions = append(a.Captions, c)
		e := &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"caption": c.Language}}
		if err := tx.Emit(ctx, e); err != nil {
			return err
		}
	}
	return tx.UpdateAsset(ctx, a)
}
