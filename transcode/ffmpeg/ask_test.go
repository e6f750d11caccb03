package ffmpeg

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersionsAreRead(t *testing.T) {
	for _, c := range []struct {
		name, text, version string
		major               int
	}{
		{"a release", "ffmpeg version 7.1.1 Copyright (c) 2000-2025 the FFmpeg developers\n", "7.1.1", 7},
		{"that of a distribution", "ffmpeg version 5.1.9-0+deb12u1 Copyright (c)\nlibavutil      57. 28.100 / 57. 28.100\n", "5.1.9-0+deb12u1", 5},
		{"one with an n before it", "ffmpeg version n4.4.2 Copyright\n", "n4.4.2", 4},
		{"a snapshot, by its libavutil", "ffmpeg version N-117000-g1a2b3c4 Copyright\nlibavutil      59. 39.100 / 59. 39.100\n", "N-117000-g1a2b3c4", 7},
		{"a snapshot that says no more", "ffmpeg version git-2024 Copyright\n", "git-2024", 0},
		{"another program", "hello\n", "", 0},
		{"nothing", "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if version, major := parseVersion(c.text); version != c.version || major != c.major {
				t.Errorf("read %q, release %d", version, major)
			}
		})
	}
}

func TestOldReleasesAreRefused(t *testing.T) {
	for version, want := range map[string]bool{
		"4.3.6-0+deb11u1": true, "n4.2": true, "2.8.17": true, "3": true, "4.4": false, "n4.4.2": false, "5.1": false, "10.0": false,
		"N-117000-g1a2b3c4": false, "git-2020-01-01": false, "": false,
	} {
		if got := tooOld(version); got != want {
			t.Errorf("%q is too old: %v", version, got)
		}
	}
}

func TestPartsAreRead(t *testing.T) {
	for _, c := range []struct {
		name, list, text string
		want             []string
	}{
		{"encoders", "-encoders", "Encoders:\n V..... = Video\n .F.... = Frame-level multithreading\n ------\n V....D libx264              libx264 H.264 (codec h264)\n A....D aac                  AAC\n", []string{"encoder aac", "encoder libx264"}},
		{"decoders", "-decoders", "Decoders:\n VFS..D h264                 H.264\n", []string{"decoder h264"}},
		{"filters", "-filters", "Filters:\n  T.. = Timeline support\n  | = Source or sink filter\n ..C scale             V->V       Scale the input\n .S split             V->N  Pass on\n ... nullsrc           |->V       Null\n", []string{"filter nullsrc", "filter scale", "filter split"}},
		{"formats", "-formats", "File formats:\n D. = Demuxing supported\n .E = Muxing supported\n --\n DE mpegts          MPEG-TS\n  E mp4             MP4\n D  mov,mp4,m4a     QuickTime / MOV\n", []string{"demuxer m4a", "demuxer mov", "demuxer mp4", "demuxer mpegts", "muxer mp4", "muxer mpegts"}},
		{"formats of newer releases", "-formats", "Formats:\n D.. = Demuxing supported\n ..d = Is a device\n ---\n D d lavfi           Libavfilter\n DEd alsa            ALSA\n  Ed caca            caca\n", []string{"demuxer alsa", "demuxer lavfi", "muxer alsa", "muxer caca"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make(map[Part]bool)
			parseParts(c.list, c.text, got)
			var names []string
			for p := range maps.Keys(got) {
				names = append(names, p.String())
			}
			slices.Sort(names)
			if diff := cmp.Diff(c.want, names); diff != "" {
				t.Errorf("read otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHowToInstallIsToldForTheSystem(t *testing.T) {
	for _, c := range []struct{ name, system, release, want string }{
		{"Debian", "linux", "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", "apt-get install ffmpeg"},
		{"what is like Debian", "linux", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install ffmpeg"},
		{"Alpine", "linux", "ID=alpine\n", "apk add ffmpeg"},
		{"Fedora, whose own has no H.264", "linux", "ID=fedora\n", "RPM Fusion"},
		{"what nobody knows", "linux", "ID=mine\n", "package manager"},
		{"macOS", "darwin", "", "brew install ffmpeg"},
		{"Windows", "windows", "", "winget install ffmpeg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := installOn(c.system, c.release)
			if !strings.Contains(got, c.want) {
				t.Errorf("it says %q", got)
			}
		})
	}
}

func TestWhatIsAdvisedIsWhatIsConfigured(t *testing.T) {
	for _, c := range []struct{ name, path, variable, want, not string }{
		{"nothing is configured", "", "", "; or point STREAMGATE_FFMPEG at another ffmpeg", "Path"},
		{"the environment names one", "", "/opt/ffmpeg", "; and point STREAMGATE_FFMPEG at it, or leave it unset", "Path"},
		{"a path is configured", "/srv/ffmpeg", "", "Path of ffmpeg.Options, which is configured to be /srv/ffmpeg", Variable},
		{"a path is configured, and the environment names another", "/srv/ffmpeg", "/opt/ffmpeg", "Path of ffmpeg.Options, which is configured to be /srv/ffmpeg", Variable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(Variable, c.variable)
			needs := (&Tools{path: c.path}).Need(Part{Encoder, "libx264"}).Error()
			_, err := locate(c.path)
			for _, says := range []string{install(c.path), needs, fmt.Sprint(err)} {
				if err == nil && says == "<nil>" {
					continue // it is found on the PATH of this system
				}
				if !strings.Contains(says, c.want) || strings.Contains(says, c.not) {
					t.Errorf("it says %q, want %q", says, c.want)
				}
			}
		})
	}
}

func FuzzParts(f *testing.F) {
	f.Add("-formats", " DE mp4 MP4\n D d lavfi L\n")
	f.Add("-encoders", " V....D libx264 H.264\n")
	f.Fuzz(func(t *testing.T, list, text string) {
		got := make(map[Part]bool)
		parseParts(list, text, got)
		for p := range got {
			if p.Kind == "" {
				t.Errorf("a part without a kind: %q", p.Name)
			}
		}
		parseVersion(text)
	})
}
