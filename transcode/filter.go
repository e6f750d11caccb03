package transcode

import (
	"fmt"
	"strings"
)

// graph decodes a chunk once and scales it to each rung.
func (p *Plan) graph(c Chunk, rungs []Output) string {
	chain := append(p.common(c, rungs), fmt.Sprintf("split=%d", len(rungs)))
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]%s", streamOf(p.source.Video.Stream), strings.Join(chain, ","))
	for i := range rungs {
		b.WriteString(pad("s", i))
	}
	for i := range rungs {
		fmt.Fprintf(&b, ";%s%s%s", pad("s", i), strings.Join(p.rung(c, &rungs[i]), ","), pad("o", i))
	}
	return b.String()
}

// common is what all rungs have in common. What looks at the frame before comes
// first, for it needs one from before the chunk.
func (p *Plan) common(c Chunk, rungs []Output) []string {
	var chain []string
	if p.source.animated() {
		chain = p.source.Video.flatten()
	}
	if p.Deinterlace {
		// a frame for each frame, and one that is marked as progressive as it is
		chain = append(chain, "bwdif=mode=send_frame:deint=interlaced")
	}
	if trim := p.trim(c); trim != "" {
		chain = append(chain, trim)
	}
	if hold := p.hold(c); hold != "" {
		chain = append(chain, hold)
	}
	if p.ToneMap {
		chain = append(chain, p.toneMap(rungs)...)
	}
	return chain
}

// trim keeps the pictures of a chunk.
func (p *Plan) trim(c Chunk) string {
	var limits []string
	if c.Start > 0 {
		limits = append(limits, "start="+stamp(c.Start-p.early()))
	}
	if c.End > 0 {
		limits = append(limits, "end="+stamp(c.End-p.early()))
	}
	if limits == nil {
		return ""
	}
	return "trim=" + strings.Join(limits, ":")
}

// white is how bright white of graphics is in HDR, in cd/m² (ITU-R BT.2408 §2.1): it
// stays white in SDR.
const white = 203

// toneMap makes SDR of HDR, once for all rungs and no larger than the largest: it
// is done in floating point, which costs more than all else.
func (p *Plan) toneMap(rungs []Output) []string {
	width, height := 0, 0
	for _, o := range rungs {
		width, height = max(width, o.Width), max(height, o.Height)
	}
	transfer := "smpte2084"
	if p.source.Video.Range == HLG {
		transfer = "arib-std-b67"
	}
	return []string{
		fmt.Sprintf("zscale=w=%d:h=%d:filter=bicubic:pin=bt2020:tin=%s:min=bt2020nc:t=linear:npl=%d", width, height, transfer, white),
		"format=gbrpf32le", "zscale=p=bt709", "tonemap=tonemap=hable:desat=0", "zscale=t=bt709:m=bt709:r=tv", "format=yuv420p",
	}
}

// rung is what makes a rung of the common picture.
func (p *Plan) rung(c Chunk, o *Output) []string {
	var chain []string
	if thin := p.thin(c, o); thin != "" {
		chain = append(chain, thin)
	}
	v := p.source.Video
	scale := fmt.Sprintf("scale=%d:%d:flags=bicubic:out_range=tv", o.Width, o.Height)
	if matrix, params := v.colors(); matrix != "" && !p.ToneMap {
		if v.isRGB() {
			scale += ":out_color_matrix=" + matrix
		}
		scale += "," + params
	}
	chain = append(chain, scale, "setsar=1")
	if p.upload != "" {
		chain = append(chain, p.upload)
	}
	return chain
}

// thin leaves frames out, by when they show alone, so that every chunk decides alike:
// the first frame of each interval stays, and the first of each segment of a source that
// plays, which every rung has to have.
func (p *Plan) thin(c Chunk, o *Output) string {
	interval := o.Interval.Seconds()
	if o.Every > 1 {
		interval = float64(o.Every) / p.source.Video.rate()
	}
	if interval == 0 {
		return ""
	}
	v, early := p.source.Video, p.early().Seconds()
	slot := func(t string) string {
		return fmt.Sprintf("floor((%s-%.9f)/%.9f)", t, v.Start.Seconds()-early, interval)
	}
	var keep strings.Builder
	keep.WriteString("select='isnan(prev_selected_t)+gt(" + slot("t") + "," + slot("prev_selected_t") + ")")
	for _, cut := range c.Cuts {
		if p.Carriage != AsItCame {
			break // they are on the grid of all rungs
		}
		at := stamp(cut - p.early())
		keep.WriteString("+gte(t," + at + ")*lt(prev_selected_t," + at + ")")
	}
	return keep.String() + "'"
}
