package hls_test

// exceptions are the files that do not do what their class says, each with the
// reason. A file that is not here has to do well; one that is here and does well
// has to be taken off.
var exceptions = map[string]string{
	"mozilla_mp4parse_tests_metadata.mp4":                        "plays: what cannot be carried in it is a cover picture, which is no track",
	"androidx_mp4_sample_missing_stsd.mp4":                       "is refused as broken (422): a track that does not say how it is coded is no work for a transcoder",
	"androidx_mp4_sample_ac4_protected.mp4":                      "is refused as encrypted (422): a transcoder has no key to it",
	"androidx_mp3_100kB-garbage-prefix.mp3":                      "is refused as unknown (422): it begins with 100 kB of noise, which ffprobe takes for AMR",
	"androidx_mp3_200kB-garbage-prefix.mp3":                      "is refused as unknown (422): it begins with 200 kB of noise, which ffprobe takes for AMR",
	"mozilla_mp4parse_capi_tests_sine-3s-xhe-aac-44khz-mono.mp4": "is served: xHE-AAC (mp4a.40.42) is legal in HLS, only ffprobe 5.1 does not read it",
	"androidx_mkv_subsample_encrypted_altref.webm":               "is refused as encrypted (422): a transcoder has no key to it",
}

// reclassed are files that the manifest keeps for a transcoder, because of their
// container, and that play as they are; and one that is said to be MP3, by its
// object type, and is MP2, which no browser and no phone plays in MP4.
var reclassed = map[string]string{
	"androidx_mp4_sample_mp2_audio.mp4":                    classTranscode,
	"androidx_mkv_sample_last_cluster.mkv":                 classHLS,
	"androidx_vp9_bear-vp9-odd-dimensions.webm":            classHLS,
	"androidx_vp9_invalid-bitstream.webm":                  classOdd,
	"androidx_vp9_roadtrip-vp92-10bit.webm":                classHLS,
	"androidx_mkv_sample_with_ass_subtitles.mkv":           classHLS,
	"androidx_mkv_sample_with_htc_rotation_track_name.mkv": classHLS,
	"androidx_mkv_sample_with_vtt_subtitles.mkv":           classHLS,
}
