package project_test

import (
	"slices"
	"strings"
	"testing"
)

// The rooms of the module, by what they may link. A room that is not built yet
// is named already: the rule is there before the first import.
var (
	services = []string{"upload", "metadata", "hls", "settle", "transcode", "jobs"}
	leaves   = []string{
		"auth", "events", "media", "storage", "validate",
		"ratelimit", "metrics", "cache", "audit", "captions",
	}
	// between is what services share that knows the contract of metadata.
	between = []string{"rendition"}
	drivers = []string{"storage/disk", "storage/s3", "metadata/sqlite", "metadata/postgres", "jobs/sqlite", "jobs/postgres", "ratelimit/redis"}
	// wiring may link whatever it wires.
	wiring = []string{".", "examples", "bench", "internal"}
)

// TestDependenciesPointDown holds the layout together: which package may link
// which, directly or through others.
func TestDependenciesPointDown(t *testing.T) {
	pkgs := goList(t)
	rules := []struct {
		name  string
		holds func(from, to string) bool
	}{
		{"only programs import the root", func(from, to string) bool {
			return to != "." || within(from, "examples", "bench")
		}},
		{"a service links no other service, but the contract of metadata", func(from, to string) bool {
			return to == "metadata" || within(to, "jobs") && within(from, "transcode") || // whose tasks it runs
				within(to, "metadata/internal") || !within(from, services...) || !within(to, services...) ||
				room(from) == room(to) || within(from, drivers...) && within(to, drivers...) // jobs in the database of the metadata
		}},
		{"a leaf links no service", func(from, to string) bool {
			return !within(from, leaves...) || !within(to, services...)
		}},
		{"what services share links no service, but the contract of metadata", func(from, to string) bool {
			return !within(from, between...) || to == "metadata" || within(to, "metadata/internal") || !within(to, services...)
		}},
		{"a driver is linked by who asks for it", func(from, to string) bool {
			return !within(to, drivers...) || within(from, wiring...) || within(from, to) || within(from, drivers...) || isSuite(from)
		}},
		{"hls and its index know no database and start no process", func(from, to string) bool {
			return !within(from, "hls", "media") || (to != others+"database/sql" && to != others+"os/exec")
		}},
		{"what a test needs stays in tests", func(from, to string) bool {
			return (to != others+"testing" && !isSuite(to)) || isSuite(from) || within(from, "internal", "bench")
		}},
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for path, p := range pkgs {
				if p.Module == nil || !p.Module.Main {
					continue
				}
				for _, dep := range p.Deps {
					if from, to := shortPath(path), shortPath(dep); !rule.holds(from, to) {
						t.Errorf("%s links %s", from, to)
					}
				}
			}
		})
	}
}

// TestDependenciesOfExamplesArePublic proves that the reference server does
// nothing that an importer could not.
func TestDependenciesOfExamplesArePublic(t *testing.T) {
	for path, p := range goList(t) {
		from := shortPath(path)
		if !within(from, "examples") {
			continue
		}
		for _, dep := range p.Imports {
			if to := shortPath(dep); within(to, "internal") || (strings.Contains(to, "/internal/") && !within(to, "examples")) {
				t.Errorf("%s imports %s, which no application can", from, to)
			}
		}
	}
}

// within says whether pkg is one of the rooms or lies below one.
func within(pkg string, rooms ...string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool {
		return pkg == r || strings.HasPrefix(pkg, r+"/")
	})
}

// room is the first element of a path.
func room(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}

// isSuite says whether pkg is a suite for implementations of a contract.
func isSuite(pkg string) bool {
	return slices.Contains([]string{"storage/storagetest", "metadata/metadatatest", "jobs/jobstest", "ratelimit/ratelimittest", "metadata/internal/group/grouptest"}, pkg)
}
