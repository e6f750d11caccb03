package ffmpeg

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAReportIsRead(t *testing.T) {
	video := func(with func(*Video)) *Source {
		v := Video{SAR: Ratio{1, 1}}
		with(&v)
		return &Source{Video: []Video{v}}
	}
	for _, c := range []struct {
		name, report string
		want         *Source
	}{
		{
			"a phone's film that lies on its side",
			`{"streams":[{"index":0,"codec_type":"video","codec_name":"h264","codec_tag_string":"avc1","profile":"High","level":40,"width":1920,"height":1080,"sample_aspect_ratio":"1:1","pix_fmt":"yuv420p","has_b_frames":1,"r_frame_rate":"30000/1001","avg_frame_rate":"1349460/45023","field_order":"progressive","start_time":"0.000000","duration":"15.007667","bit_rate":"16990274","nb_frames":"449","bits_per_raw_sample":"8","disposition":{"default":1},"tags":{"language":"und","rotate":"90"},
			"side_data_list":[{"side_data_type":"Display Matrix","displaymatrix":"\n00000000:            0       65536           0\n00000001:       -65536           0           0\n00000002:     70778880           0  1073741824\n","rotation":-90}]}],"format":{"format_name":"mov,mp4","start_time":"0.000000","duration":"15.010000","bit_rate":"17000000"}}`,
			&Source{
				Format: "mov,mp4", Duration: 15010 * time.Millisecond, Bitrate: 17000000,
				Video: []Video{{
					Stream: Stream{Codec: "h264", Tag: "avc1", Profile: "High", Duration: 15007667 * time.Microsecond, Bitrate: 16990274, Default: true},
					Width:  1920, Height: 1080, SAR: Ratio{1, 1}, Rotation: 90, PixelFormat: "yuv420p", BitDepth: 8, Level: 40, BFrames: 1,
					Rate: Ratio{30000, 1001}, AverageRate: Ratio{1349460, 45023}, Frames: 449, FieldOrder: "progressive",
				}},
			},
		},
		{
			"a picture that is flipped and turned",
			`{"streams":[{"codec_type":"video","side_data_list":[{"side_data_type":"Display Matrix","displaymatrix":"\n00000000: 0 -65536 0\n00000001: -65536 0 0\n00000002: 0 0 1073741824\n","rotation":90}]}]}`,
			video(func(v *Video) { v.Rotation, v.Mirrored = 90, true }),
		},
		{
			"a turn without a matrix",
			`{"streams":[{"codec_type":"video","side_data_list":[{"side_data_type":"Display Matrix","rotation":90}]}]}`,
			video(func(v *Video) { v.Rotation = 270 }),
		},
		{
			"a turn that only an old release tells",
			`{"streams":[{"codec_type":"video","tags":{"rotate":"180"}}]}`,
			video(func(v *Video) { v.Rotation = 180 }),
		},
		{
			"a matrix of nothing",
			`{"streams":[{"codec_type":"video","side_data_list":[{"side_data_type":"Display Matrix","displaymatrix":"\n0: 0 0 0\n1: 0 0 0\n2: 0 0 0\n","rotation":-9223372036854775808}]}]}`,
			video(func(*Video) {}),
		},
		{
			"interlaced television with wide pixels",
			`{"streams":[{"codec_type":"video","codec_name":"mpeg2video","width":720,"height":576,"sample_aspect_ratio":"16:11","field_order":"tt","color_space":"bt470bg","color_range":"tv","color_transfer":"unknown","closed_captions":1}]}`,
			video(func(v *Video) {
				v.Codec, v.Width, v.Height, v.SAR = "mpeg2video", 720, 576, Ratio{16, 11}
				v.FieldOrder, v.Interlaced, v.Captions = "tt", true, true
				v.Color = Color{Range: "tv", Space: "bt470bg"}
			}),
		},
		{
			"HDR10 with its mastering display",
			`{"streams":[{"codec_type":"video","codec_name":"hevc","pix_fmt":"yuv420p10le","color_transfer":"smpte2084","color_primaries":"bt2020","side_data_list":[
			{"side_data_type":"Mastering display metadata","red_x":"34000/50000","red_y":"16000/50000","green_x":"13250/50000","green_y":"34500/50000","blue_x":"7500/50000","blue_y":"3000/50000","white_point_x":"15635/50000","white_point_y":"16450/50000","min_luminance":"50/10000","max_luminance":"10000000/10000"},
			{"side_data_type":"Content light level metadata","max_content":1000,"max_average":400}]}]}`,
			video(func(v *Video) {
				v.Codec, v.PixelFormat, v.BitDepth = "hevc", "yuv420p10le", 10
				v.Color = Color{Primaries: "bt2020", Transfer: "smpte2084", HDR: PQ, MaxCLL: 1000, MaxFALL: 400, Mastering: &Mastering{
					Red: [2]float64{0.68, 0.32}, Green: [2]float64{0.265, 0.69}, Blue: [2]float64{0.15, 0.06}, White: [2]float64{0.3127, 0.329}, Min: 0.005, Max: 1000,
				}}
			}),
		},
		{
			"Dolby Vision that says no more",
			`{"streams":[{"codec_type":"video","codec_name":"hevc","side_data_list":[{"side_data_type":"DOVI configuration record","dv_profile":5,"dv_level":6,"rpu_present_flag":1,"el_present_flag":0,"bl_present_flag":1,"dv_bl_signal_compatibility_id":0}]}]}`,
			video(func(v *Video) {
				v.Codec = "hevc"
				v.Color = Color{HDR: PQ, DolbyVision: &DolbyVision{Profile: 5, Level: 6}}
			}),
		},
		{
			"HLG",
			`{"streams":[{"codec_type":"video","color_transfer":"arib-std-b67"}]}`,
			video(func(v *Video) { v.Color = Color{Transfer: "arib-std-b67", HDR: HLG} }),
		},
		{
			"sound in two languages, of Matroska, and subtitles of both kinds",
			`{"streams":[{"index":1,"codec_type":"audio","codec_name":"dts","profile":"DTS-HD MA","sample_rate":"48000","channels":6,"channel_layout":"5.1(side)","bits_per_raw_sample":"24","disposition":{"default":1},"tags":{"language":"ger","title":"Surround","DURATION":"01:00:02.500000000"}},
			{"index":2,"codec_type":"audio","codec_name":"aac","sample_rate":"44100","channels":2,"channel_layout":"unknown","start_time":"-0.021333","disposition":{"comment":1,"visual_impaired":1},"tags":{"LANGUAGE":"eng"}},
			{"index":3,"codec_type":"subtitle","codec_name":"subrip","disposition":{"forced":1,"hearing_impaired":1}},
			{"index":4,"codec_type":"subtitle","codec_name":"hdmv_pgs_subtitle"},
			{"index":5,"codec_type":"attachment"},{"index":6,"codec_type":"video","codec_name":"mjpeg","width":600,"height":400,"disposition":{"attached_pic":1}}]}`,
			&Source{
				Duration: time.Hour + 2500*time.Millisecond,
				Audio: []Audio{
					{Stream: Stream{Index: 1, Codec: "dts", Profile: "DTS-HD MA", Language: "ger", Title: "Surround", Duration: time.Hour + 2500*time.Millisecond, Default: true}, Rate: 48000, Channels: 6, Layout: "5.1(side)", BitDepth: 24},
					{Stream: Stream{Index: 2, Codec: "aac", Language: "eng", Start: -21333 * time.Microsecond, Commentary: true, VisualImpaired: true}, Rate: 44100, Channels: 2},
				},
				Subtitles: []Subtitle{{Stream: Stream{Index: 3, Codec: "subrip", Forced: true, HearingImpaired: true}, Text: true}, {Stream: Stream{Index: 4, Codec: "hdmv_pgs_subtitle"}}},
				Pictures:  []Picture{{Stream: Stream{Index: 6, Codec: "mjpeg"}, Width: 600, Height: 400}},
				Others:    1,
			},
		},
		{
			"numbers that are none",
			`{"streams":[{"codec_type":"video","codec_name":"unknown","width":-5,"height":"x","sample_aspect_ratio":"0:1","r_frame_rate":"0/0","avg_frame_rate":"1/-1","duration":"N/A","start_time":"1e300","nb_frames":{"a":1},"level":-99}],"format":{"duration":"nan"}}`,
			video(func(v *Video) { v.Start = longestTime * time.Second }),
		},
		{"nothing", `{}`, &Source{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseSource([]byte(c.report), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("read otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDepthsAreToldByTheNameOfAFormat(t *testing.T) {
	for format, want := range map[string]int{
		"": 0, "yuv420p": 8, "yuvj420p": 8, "nv12": 8, "rgb24": 8, "yuv420p10le": 10, "yuv422p12be": 12, "p010le": 10,
		"gray10le": 10, "gbrp12le": 12, "rgb48le": 16, "x2rgb10le": 10, "y210le": 10, "yuva444p16le": 16,
	} {
		if got := depthOf(format); got != want {
			t.Errorf("%q has %d bits, not %d", format, got, want)
		}
	}
}

func TestAPictureTellsWhatItsStreamDoesNot(t *testing.T) {
	v := Video{Stream: Stream{Codec: "hevc"}, Color: Color{Transfer: "smpte2084", HDR: PQ}}
	if !v.vague() {
		t.Fatal("it is not looked at")
	}
	refineVideo(&v, []byte(`{"frames":[{"interlaced_frame":1,"top_field_first":1,"color_space":"bt2020nc","side_data_list":[{"side_data_type":"Content light level metadata","max_content":5,"max_average":3},{"side_data_type":"Mastering display metadata","max_luminance":"10000000/10000"}]}]}`))
	if v.FieldOrder != "tt" || !v.Interlaced || v.Color.MaxCLL != 5 || v.Color.Mastering == nil || v.Color.Mastering.Max != 1000 || v.Color.Space != "bt2020nc" || v.vague() {
		t.Errorf("it is %+v", v)
	}
	refineVideo(&v, []byte(`not JSON`))
}

func FuzzSource(f *testing.F) {
	f.Add([]byte(`{"streams":[{"index":0,"codec_type":"video","width":1920,"duration":"1.5","side_data_list":[{"side_data_type":"Display Matrix","displaymatrix":"\n0: 0 65536 0\n1: -65536 0 0\n2: 0 0 1\n"}]}],"format":{"duration":"15.01"}}`))
	f.Add([]byte(`{"streams":[{"codec_type":"audio","tags":{"DURATION":"01:00:02.5"}}],"frames":[{"interlaced_frame":"1"}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, report []byte) {
		s, err := parseSource(report, nil)
		if err != nil {
			return
		}
		if s.Duration < 0 || s.Bitrate < 0 {
			t.Errorf("it is %+v", s)
		}
		for i := range s.Video {
			v := &s.Video[i]
			refineVideo(v, report)
			if v.Rotation%90 != 0 || v.Rotation < 0 || v.Rotation >= 360 || v.Width < 0 || v.Height < 0 || v.SAR.Num <= 0 || v.SAR.Den <= 0 || v.Rate.Float() < 0 || v.Duration < 0 {
				t.Errorf("a video is %+v", v)
			}
		}
	})
}

func FuzzKeyFrames(f *testing.F) {
	f.Add("0.080000,0.000000,0.040000,N/A,K__\nN/A,0.040000,N/A,K_\n0.04,N/A,0.04,__\n")
	f.Fuzz(func(t *testing.T, text string) {
		k := &keyFrames{}
		_, _ = k.Write([]byte(text))
		for _, at := range k.times {
			if at > longestTime*time.Second || at < -longestTime*time.Second {
				t.Errorf("a key frame at %v", at)
			}
		}
		if k.Pictures < 0 || k.Last < 0 || k.End.Abs() > 2*longestTime*time.Second {
			t.Errorf("it is %+v", k.Times)
		}
	})
}

func TestJumpsOfTimesAreCounted(t *testing.T) {
	for text, want := range map[string]int{
		"0.0,0.0,N/A,K__\n0.12,0.04,N/A,___\n0.08,0.08,N/A,___\n":                      0,
		"0.0,0.0,N/A,K__\n9.9,9.9,N/A,K__\n":                                           0,
		"0.0,0.0,N/A,K__\n10.0,10.0,N/A,K__\n":                                         1,
		"100.0,100.0,N/A,K__\n20.0,20.0,N/A,K__\n20.04,20.04,N/A,___\n":                1,
		"0.0,N/A,N/A,K__\n100.0,100.0,N/A,K__\n100.04,N/A,N/A,___\n100.08,100.08,N/A,": 0,
	} {
		k := &keyFrames{}
		_, _ = k.Write([]byte(text))
		if k.Jumps != want {
			t.Errorf("%q has %d jumps, want %d", text, k.Jumps, want)
		}
	}
}

func TestPicturesAreCountedToTheEndOfTheLast(t *testing.T) {
	for text, want := range map[string]Times{
		"":                                 {},
		"0.0,0.0,0.1,K_\n":                 {Pictures: 1, End: 100 * time.Millisecond, Last: 100 * time.Millisecond, Even: true},
		"0.0,0.0,0.1,K_\n0.1,0.1,0.1,__":   {Pictures: 1, End: 100 * time.Millisecond, Last: 100 * time.Millisecond, Even: true}, // the line has not ended
		"0.0,0.0,0.1,K_\n0.1,0.1,0.1,__\n": {Pictures: 2, End: 200 * time.Millisecond, Last: 100 * time.Millisecond, Even: true},
		"0.0,0.0,0.1,K_\n0.1,0.1,2.0,__\n": {Pictures: 2, End: 2100 * time.Millisecond, Last: 2 * time.Second},
		"0.2,0.0,0.1,K_\n0.0,0.1,0.1,__\n0.1,0.2,0.1,__\n": {Pictures: 3, End: 300 * time.Millisecond, Last: 100 * time.Millisecond, Even: true},
		"0.0,0.0,N/A,K_\nN/A,0.1,0.1,__\n":                 {Pictures: 1, Even: true},
	} {
		k := &keyFrames{}
		_, _ = k.Write([]byte(text))
		if diff := cmp.Diff(want, k.Times); diff != "" {
			t.Errorf("%q is (-want +got):\n%s", text, diff)
		}
	}
}
