package hls

import "testing"

func TestGzipIsSentToWhoAsksForIt(t *testing.T) {
	for header, want := range map[string]bool{
		"":                             false,
		"gzip":                         true,
		"GZIP":                         true,
		"x-gzip":                       true,
		"deflate, gzip;q=1.0, *;q=0.5": true,
		"br, gzip":                     true,
		"br":                           false,
		"gzip;q=0":                     false,
		"gzip;q=0.000":                 false,
		"gzip; q=0.001":                true,
		"gzip ; Q = 0.2":               true,
		"*":                            true,
		"*;q=0":                        false,
		"gzip;q=0, *":                  false,
		"*;q=0, gzip":                  true,
		"identity;q=1, gzip;q=0.5":     false,
		"identity;q=0.5, gzip;q=1":     true,
		"identity":                     false,
		"gzip;q=2":                     false,
		"gzip;q=-1":                    false,
		"gzip;q=NaN":                   false,
		"gzip;q=":                      false,
		"gzip;level=9":                 false,
		"gzipped":                      false,
		",,, ,gzip":                    true,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("acceptsGzip(%q) = %v", header, got)
		}
	}
}

func TestETagsMatch(t *testing.T) {
	const etag = `"r1-v1-3"`
	for header, want := range map[string]bool{
		`"r1-v1-3"`:            true,
		`W/"r1-v1-3"`:          true,
		`"a", "r1-v1-3"`:       true,
		`"a","b" , "r1-v1-3" `: true,
		`*`:                    true,
		` * `:                  true,
		`"r1-v1-30"`:           false,
		`r1-v1-3`:              false,
		`"r1-v1-3`:             false,
		`"`:                    false,
		``:                     false,
		`W/`:                   false,
		`"a, "r1-v1-3"`:        false,
		`"x" r1 "r1-v1-3"`:     false,
	} {
		if got := matches(header, etag); got != want {
			t.Errorf("matches(%q) = %v", header, got)
		}
	}
}

func FuzzMatches(f *testing.F) {
	f.Add(`"a", W/"b"`)
	f.Add(`*`)
	f.Fuzz(func(t *testing.T, header string) {
		matches(header, `"etag"`) // ends, and does not panic
		acceptsGzip(header)
	})
}
