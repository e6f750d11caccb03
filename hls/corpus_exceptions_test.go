package hls_test

// exceptions are the files that do not do what their class says, each with the
// reason. A file that is not here has to do well; one that is here and does well
// has to be taken off.
var exceptions = map[string]string{
	"mozilla_mp4parse_tests_metadata.mp4":                        "plays: what cannot be carried in it is a cover picture, which is no track",
	"mozilla_mp4parse_capi_tests_sine-3s-xhe-aac-44khz-mono.mp4": "is served: xHE-AAC (mp4a.40.42) is legal in HLS, only ffprobe 5.1 does not read it",
}
