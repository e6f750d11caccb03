package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
)

const testKey = "correct horse battery staple"

func TestCommandLine(t *testing.T) {
	tests := []struct {
		name    string
		args    []string
		env     string
		refused string // part of the error; "" for none
	}{
		{name: "nothing at all is a server on loopback"},
		{name: "localhost is loopback", args: []string{"-addr", "localhost:0"}},
		{name: "the loopback of IPv6 is loopback", args: []string{"-addr", "[::1]:80"}},
		{name: "any other loopback address is loopback", args: []string{"-addr", "127.9.8.7:80"}},
		{name: "all interfaces without a key are refused", args: []string{"-addr", ":8080"}, refused: "without an API key"},
		{name: "the wildcard without a key is refused", args: []string{"-addr", "0.0.0.0:8080"}, refused: "STREAMGATE_API_KEY="},
		{name: "an address of a network without a key is refused", args: []string{"-addr", "192.0.2.1:80"}, refused: "-addr 127.0.0.1:8080"},
		{name: "a name is not trusted to stay on loopback", args: []string{"-addr", "localhost.example:80"}, refused: "without an API key"},
		{name: "a key as a flag opens other addresses", args: []string{"-addr", ":8080", "-api-key", testKey}},
		{name: "a key in the environment opens other addresses", args: []string{"-addr", ":8080"}, env: testKey},
		{name: "a short key is refused, on loopback too", args: []string{"-api-key", "secret"}, refused: "at least 16"},
		{name: "an address without a port is refused", args: []string{"-addr", "127.0.0.1"}, refused: "not host:port"},
		{name: "operators have an address of their own", args: []string{"-addr", ":8080", "-api-key", testKey, "-admin-addr", "127.0.0.1:9090"}},
		{name: "which is not for everybody", args: []string{"-admin-addr", ":9090"}, refused: "not on loopback"},
		{name: "the audit log may wait and refuse", args: []string{"-audit", "refuse", "-audit-wait"}},
		{name: "another policy is refused", args: []string{"-audit", "lose"}, refused: "drop, block, refuse and off"},
		{name: "no audit log, and yet to wait for it", args: []string{"-audit", "off", "-audit-wait"}, refused: "which is meant"},
		{name: "a drain of less than nothing", args: []string{"-drain", "-5s"}, refused: "less than nothing"},
		{name: "the address for operators is an address", args: []string{"-admin-addr", "foo"}, refused: "not host:port"},
		{name: "and another one", args: []string{"-admin-addr", "127.0.0.1:8080"}, refused: "the same"},
		{name: "not every address is a proxy", args: []string{"-trusted-proxy", "0.0.0.0/0"}, refused: "every address"},
		{name: "proxies are addresses and ranges", args: []string{"-trusted-proxy", "10.0.0.0/8", "-trusted-proxy", "::1"}},
		{name: "a proxy by name is refused", args: []string{"-trusted-proxy", "proxy.example"}, refused: "10.0.0.0/8"},
		{name: "what is not a flag is refused", args: []string{"serve"}, refused: `"serve" is not a flag`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(tt.args, func(string) string { return tt.env }, io.Discard)
			switch {
			case tt.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
				t.Errorf("error %v, want one that says %q", err, tt.refused)
			}
		})
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	var usage strings.Builder
	_, err := parse([]string{"-help"}, func(string) string { return "" }, &usage)
	if !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("error %v, want flag.ErrHelp", err)
	}
	for _, name := range []string{"-addr", "-data", "-database", "-files", "-api-key", "-import", "-mpegts", "-drain", "-public-play", "-admin-addr", "-audit", "-audit-wait", "-trusted-proxy"} {
		if !strings.Contains(usage.String(), name) {
			t.Errorf("the usage does not mention %s", name)
		}
	}
}
