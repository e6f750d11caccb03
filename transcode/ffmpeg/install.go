package ffmpeg

import (
	"os"
	"runtime"
	"strings"
)

// install says how ffmpeg comes onto this system, and to where it is looked for: at the
// path that is configured, or by the environment. What is named is not replaced by what
// is found elsewhere, so that to install it alone would not help.
func install(path string) string {
	text, _ := os.ReadFile("/etc/os-release") // a system without it is one whose name is not known
	how := installOn(runtime.GOOS, string(text))
	switch {
	case path != "":
		return how + "; and have Path of ffmpeg.Options, which is configured to be " + path + ", lead to it, or leave it empty"
	case os.Getenv(Variable) != "":
		return how + "; and point " + Variable + " at it, or leave it unset"
	}
	return how + "; or point " + Variable + " at another ffmpeg"
}

// installOn is how it is installed on a system by its name, and its os-release(5).
func installOn(system, release string) string {
	switch system {
	case "darwin":
		return "brew install ffmpeg"
	case "windows":
		return "winget install ffmpeg"
	case "linux":
		for _, name := range distributions(release) {
			if how := installers[name]; how != "" {
				return how
			}
		}
	}
	return "install ffmpeg 4.4 or newer with libx264 by the package manager of this system"
}

// Fedora and SUSE leave H.264 out of their own builds.
var installers = map[string]string{
	"debian":   "apt-get install ffmpeg",
	"ubuntu":   "apt-get install ffmpeg",
	"alpine":   "apk add ffmpeg",
	"arch":     "pacman -S ffmpeg",
	"fedora":   "dnf install ffmpeg, with RPM Fusion enabled (ffmpeg-free has no H.264 encoder)",
	"rhel":     "dnf install ffmpeg, with EPEL and RPM Fusion enabled",
	"opensuse": "zypper install ffmpeg, with the Packman repository enabled (the distribution's own has no H.264 encoder)",
	"suse":     "zypper install ffmpeg, with the Packman repository enabled (the distribution's own has no H.264 encoder)",
	"nixos":    "add ffmpeg to environment.systemPackages",
	"gentoo":   "emerge media-video/ffmpeg with USE=x264",
	"void":     "xbps-install ffmpeg",
}

// distributions are ID and then ID_LIKE.
func distributions(release string) []string {
	var id, like string
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			id = value
		case "ID_LIKE":
			like = value
		}
	}
	return append([]string{id}, strings.Fields(like)...)
}
