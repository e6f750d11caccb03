package hls_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// TestInputs plays what ffmpeg makes of its options by the hundred beside itself,
// as TestFixtures does of chosen ones. It takes a quarter of an hour: it runs
// where STREAMGATE_INPUTS is set, which make inputs does.
func TestInputs(t *testing.T) {
	if os.Getenv("STREAMGATE_INPUTS") == "" {
		t.Skip("set STREAMGATE_INPUTS, or run make inputs, to play hundreds of files; it takes a quarter of an hour")
	}
	playcheck.Require(t)
	dir := t.TempDir()
	base := filepath.Join(dir, "base.mp4")
	encode(t, dir, base, "$V $A -t 5 "+quick+" -c:a aac -aac_pns 0 "+base)
	var table table
	t.Run("files", func(t *testing.T) {
		for _, f := range wideShapes() {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				name := f.make(t, dir, base)
				if f.class == "" {
					f.class = classHLS
				}
				r := examine(t, serve(t, dir), dir, film{name: name, class: f.class, exception: f.exception})
				keepsRules(t, hls.Dir(dir), name, nil, "same-start", "same-end", "frame-rate-true")
				r.name = f.name
				table.add(r)
			})
		}
	})
	t.Log(table.String())
}

const quick = "-c:v libx264 -preset veryfast -g 25 -bf 3"

// wideShapes are the options of ffmpeg, each with what it is for.
func wideShapes() []fixture {
	var w variety
	w.fragments()
	w.times()
	w.clocks()
	w.pictures()
	w.sounds()
	w.foreign()
	return w.list
}

type variety struct{ list []fixture }

// add adds a file that a line makes, named by its name and ending.
func (w *variety) add(name, line string) *fixture {
	out := "out" + filepath.Ext(name)
	w.list = append(w.list, fixture{name: name, steps: line + " " + out})
	return &w.list[len(w.list)-1]
}

func (w *variety) except(why string, names ...string) {
	for i := range w.list {
		for _, name := range names {
			if w.list[i].name == name {
				w.list[i].exception = why
			}
		}
	}
}

func (w *variety) fragments() {
	for _, flags := range []string{
		"faststart", "frag_keyframe", "frag_keyframe+empty_moov", "frag_every_frame+empty_moov", "frag_keyframe+empty_moov+default_base_moof",
		"frag_keyframe+empty_moov+separate_moof", "dash+delay_moov", "dash+frag_keyframe+global_sidx+delay_moov", "cmaf+frag_keyframe",
		"frag_keyframe+negative_cts_offsets+delay_moov", "negative_cts_offsets", "frag_keyframe+delay_moov+omit_tfhd_offset", "frag_every_frame",
		"frag_every_frame+separate_moof+omit_tfhd_offset+delay_moov", "frag_every_frame+dash+delay_moov", "frag_custom+delay_moov",
		"frag_keyframe+skip_sidx+dash+delay_moov", "frag_keyframe+disable_chpl", "frag_keyframe+write_colr+delay_moov", "prefer_icc", "rtphint",
		"frag_keyframe+cmaf+negative_cts_offsets+delay_moov",
	} {
		w.add("movflags "+flags+".mp4", "$BASE -c copy -movflags "+flags)
		if !strings.Contains(flags, "dash") && !strings.Contains(flags, "cmaf") && !strings.Contains(flags, "every") {
			w.add("movflags "+flags+".mov", "$BASE -c copy -movflags "+flags)
		}
	}
	for _, brand := range []string{"mp42", "isom", "qt", "M4V", "iso5", "3gp4", "avc1", "dash", "msnv"} {
		w.add("brand "+brand+".mp4", "$BASE -c copy -brand "+brand)
	}
	for _, option := range []string{"cues_to_front 1 -reserve_index_space 4096", "live 1", "cluster_time_limit 100", "cluster_size_limit 2000", "write_crc32 0"} {
		w.add(option+".mkv", "$BASE -c copy -"+option)
	}
	w.except("ffmpeg 5.1 shows the picture of such files two frames late against the sound",
		"movflags frag_keyframe+negative_cts_offsets+delay_moov.mp4", "movflags frag_keyframe+negative_cts_offsets+delay_moov.mov",
		"movflags cmaf+frag_keyframe.mp4", "movflags frag_keyframe+cmaf+negative_cts_offsets+delay_moov.mp4")
	w.except("ffmpeg writes two fragments of sound with one time",
		"movflags frag_every_frame+empty_moov.mp4", "movflags frag_every_frame.mp4", "movflags frag_every_frame+separate_moof+omit_tfhd_offset+delay_moov.mp4",
		"movflags frag_every_frame+dash+delay_moov.mp4")
}

func (w *variety) times() {
	both := "-map 0:v -map 1:a -c copy"
	for _, kind := range []string{"make_zero", "make_non_negative", "disabled"} {
		for name, more := range map[string]string{"x.mp4": "", "frag.mp4": " -movflags frag_keyframe+empty_moov", "delay.mp4": " -movflags frag_keyframe+delay_moov", "x.mkv": ""} {
			w.add(kind+" "+name, "-itsoffset -0.3 $BASE -itsoffset 0.2 $BASE "+both+" -avoid_negative_ts "+kind+more)
			w.add(kind+" cut "+name, "-ss 1.7 $BASE -c copy -avoid_negative_ts "+kind+more)
		}
	}
	w.except("ffmpeg gives pictures before zero no time", "disabled x.mkv", "disabled cut x.mkv")
	for _, offset := range []string{"-2", "-0.5", "-0.02", "0.013", "0.5", "3", "100"} {
		for _, ext := range []string{".mp4", ".mkv"} {
			w.add("sound by "+offset+ext, "$BASE -itsoffset "+offset+" $BASE "+both)
			w.add("picture by "+offset+ext, "-itsoffset "+offset+" $BASE $BASE "+both)
		}
	}
	for _, from := range []string{"0.04", "0.5", "0.99", "1.0", "1.5", "2.72", "4.9"} {
		for _, ext := range []string{".mp4", ".mkv", ".mov"} {
			w.add("from "+from+ext, "-ss "+from+" $BASE -c copy")
		}
		w.add("from "+from+" for 0.9.mp4", "-ss "+from+" -t 0.9 $BASE -c copy")
		w.add("from "+from+" without an edit list.mp4", "-ss "+from+" $BASE -c copy -use_editlist 0")
		w.add("from "+from+" in fragments.mp4", "-ss "+from+" $BASE -c copy -movflags frag_keyframe+empty_moov")
	}
	for _, ext := range []string{".mp4", ".mkv", ".mov"} {
		open := "$V $A -t 5 -c:v libx264 -preset veryfast -x264-params open-gop=1:keyint=25:min-keyint=25:bframes=3:b-adapt=0 -c:a aac open.mp4\n-ss 1.3 -i open.mp4 -c copy"
		w.add("from within an open GOP"+ext, open)
	}
}

func (w *variety) clocks() {
	for _, rate := range []string{"90000", "1000", "600", "10000000", "25", "30", "1000000000", "24000"} {
		w.add("clock of "+rate+".mp4", "$BASE -c copy -video_track_timescale "+rate)
		w.add("clock of "+rate+" in fragments.mp4", "$BASE -c copy -movflags frag_keyframe+delay_moov -video_track_timescale "+rate)
	}
	for _, rate := range []string{"600", "48000", "90000", "1000000", "1"} {
		w.add("movie clock of "+rate+".mp4", "-ss 1.7 $BASE -c copy -movie_timescale "+rate)
	}
	for _, rate := range []string{"24000/1001", "30000/1001", "60000/1001", "12.5", "1", "120", "240", "29.97", "14.985", "50"} {
		for _, ext := range []string{".mp4", ".mkv"} {
			w.add(strings.ReplaceAll(rate, "/", " by ")+" frames"+ext, "$V $A -t 3 -r "+rate+" "+quick+" -c:a aac")
		}
	}
}

func (w *variety) pictures() {
	for _, sar := range []string{"1/1", "16/11", "8/9", "64/45", "200/1", "2/3", "255/256"} {
		for _, ext := range []string{".mp4", ".mkv"} {
			w.add("pixels of "+strings.ReplaceAll(sar, "/", " by ")+ext, "$V -t 1 -vf setsar="+sar+" "+quick)
		}
	}
	for _, size := range []string{"2:2", "16:16", "161:91", "18:1000", "4096:16"} {
		w.add("size "+size+".mp4", "$V -t 0.5 -vf scale="+size+",setsar=1 -pix_fmt yuv444p "+quick)
	}
	for name, options := range map[string]string{
		"CBR": "nal-hrd=cbr:force-cfr=1:bitrate=300:vbv-maxrate=300:vbv-bufsize=300:filler=1", "four slices": "slices=4:aud=1", "lossless": "qp=0",
		"pyramid": "b-pyramid=strict:bframes=7:b-adapt=0:ref=8", "timed fields": "pic-struct=1:pulldown=32", "every picture alone": "keyint=1",
	} {
		w.add(name+".mp4", "$V -t 3 -c:v libx264 -preset veryfast -x264-params keyint=25:"+options)
	}
	for _, format := range []string{"yuv422p", "gray", "yuvj420p", "yuv444p", "yuv420p10le", "yuv422p10le"} {
		w.add("H.264 of "+format+".mp4", "$V -t 2 -pix_fmt "+format+" "+quick)
		if format != "yuvj420p" {
			w.add("HEVC of "+format+".mov", "$V -t 2 -pix_fmt "+format+" "+x265+" -tag:v hvc1")
		}
	}
	for _, ext := range []string{".mp4", ".webm", ".mkv"} {
		w.add("VP9"+ext, "$V $A -t 3 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 25 -c:a libopus")
		w.add("VP9 of 4:2:2"+ext, "$V -t 1 -pix_fmt yuv422p -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 25")
		w.add("AV1"+ext, "$V $A -t 2 -c:v libsvtav1 -preset 12 -g 25 -c:a libopus")
	}
}

func (w *variety) sounds() {
	for channels := 1; channels <= 8; channels++ {
		w.add(fmt.Sprintf("AAC of %d channels.mp4", channels), fmt.Sprintf("$A -t 2 -ac %d -c:a aac -aac_pns 0", channels))
		w.add(fmt.Sprintf("ALAC of %d channels.mov", channels), fmt.Sprintf("$A -t 2 -ac %d -c:a alac", channels))
		w.add(fmt.Sprintf("FLAC of %d channels.mkv", channels), fmt.Sprintf("$A -t 2 -ac %d -c:a flac", channels))
		if channels <= 6 {
			w.add(fmt.Sprintf("E-AC-3 of %d channels.mp4", channels), fmt.Sprintf("$A -t 2 -ac %d -c:a eac3", channels))
		}
	}
	w.except("ffmpeg reads the layout from a comment that MP4 has no place for",
		"FLAC of 3 channels.mkv", "FLAC of 4 channels.mkv", "FLAC of 5 channels.mkv", "FLAC of 6 channels.mkv")
	for _, rate := range []string{"7350", "8000", "11025", "12000", "16000", "22050", "24000", "32000", "44100", "48000", "64000", "88200", "96000"} {
		w.add("AAC at "+rate+".mp4", "$A -t 2 -ar "+rate+" -c:a aac -aac_pns 0")
		w.add("AAC at "+rate+".mkv", "$A -t 2 -ar "+rate+" -c:a aac -aac_pns 0")
	}
	for _, rate := range []string{"8000", "44100", "96000", "192000"} {
		w.add("FLAC at "+rate+".mp4", "$A -t 2 -ar "+rate+" -c:a flac -strict -2")
		w.add("FLAC at "+rate+".mkv", "$A -t 2 -ar "+rate+" -c:a flac")
		w.add("ALAC at "+rate+".mov", "$A -t 2 -ar "+rate+" -c:a alac")
	}
	for _, rate := range []string{"8000", "11025", "16000", "24000", "32000", "44100", "48000"} {
		w.add("MP3 at "+rate+".mov", "$A -t 2 -ar "+rate+" -c:a libmp3lame")
		w.add("MP3 at "+rate+".mkv", "$A -t 2 -ar "+rate+" -c:a libmp3lame")
	}
}

// foreign are codecs that HLS cannot carry.
func (w *variety) foreign() {
	for _, codec := range []string{"mpeg4", "mjpeg", "mpeg2video", "prores", "libtheora", "rawvideo", "ffv1", "msmpeg4v2", "huffyuv", "qtrle", "svq1 -s 176x144", "mpeg1video"} {
		w.add("picture of "+codec+".mov", "$V $A -t 0.4 -c:a aac -c:v "+codec).class = classTranscode
		w.add("picture of "+codec+".mkv", "$V $A -t 0.4 -c:a aac -allow_raw_vfw 1 -c:v "+codec).class = classTranscode
	}
	for _, codec := range []string{"mp2", "pcm_s16le", "pcm_s24be", "pcm_f32le", "pcm_alaw", "pcm_mulaw", "dca -strict -2", "libvorbis", "adpcm_ima_wav", "libspeex"} {
		w.add("sound of "+codec+".mov", "$V $A -t 1 "+quick+" -c:a "+codec).class = classTranscode
		w.add("sound of "+codec+".mkv", "$V $A -t 1 "+quick+" -c:a "+codec).class = classTranscode
	}
}
