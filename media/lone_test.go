package media

import "testing"

func TestAPacketWithAHoleAfterItIsNoBeginning(t *testing.T) {
	holed := append([]testSample{{size: 4, duration: 3200}}, packets(300)...)
	for _, c := range []struct {
		name    string
		samples []testSample
		edits   []edit
		first   int64 // which packet comes first
		seconds float64
	}{
		{"packets without a hole", packets(300), nil, 0, 300 * 1024 / 48000.},
		{"a packet of priming, and a hole", holed, nil, 1, 300 * 1024 / 48000.},
		{"a hole of less than 10 ms", append([]testSample{{size: 4, duration: 1024 + 400}}, packets(300)...), nil, 0, (301*1024 + 400) / 48000.},
		{"what an edit list begins with stays", holed, []edit{{0, 512}}, 0, (3200 + 300*1024 - 512) / 48000.},
		{"a hole of less than half a packet", append([]testSample{{size: 4, duration: 1024 + 500}}, packets(300)...), nil, 0, (301*1024 + 500) / 48000.},
		{"packets of all lengths", append([]testSample{{size: 4, duration: 1600}, {size: 4, duration: 259}}, packets(300)...), nil, 0, (1600 + 259 + 300*1024) / 48000.},
		{"two packets tell nothing", holed[:2], nil, 0, (3200 + 1024) / 48000.},
	} {
		t.Run(c.name, func(t *testing.T) {
			ix := parse(t, progressive(testTrack{handler: "soun", timescale: 48000, samples: c.samples, edits: c.edits, noSync: true}))
			if got := presented(t, ix, 0); got[0].Offset != mdatStart+4*c.first {
				t.Errorf("it begins with the packet at byte %d", got[0].Offset)
			}
			if ix.Duration != c.seconds {
				t.Errorf("it lasts %v s, want %v", ix.Duration, c.seconds)
			}
		})
	}
}
