package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"time"
)

// keyVariable is the environment variable that holds the API key, where it does
// not show in a list of processes.
const keyVariable = "STREAMGATE_API_KEY"

// minKeyLength makes guessing hopeless: 16 characters of base64 are 96 bits.
const minKeyLength = 16

// config is what the command line and the environment say.
type config struct {
	addr        string
	data        string
	database    string
	files       string
	imports     string
	key         string
	publicPlay  bool
	mpegts      bool
	settle      bool
	transcode   bool
	drain       time.Duration
	adminAddr   string
	audit       string
	auditWait   bool
	auditDir    string
	checkpoints string
	proxies     []netip.Prefix
	encrypt     string
	keyPeriod   int
	secret      string
}

const auditOff = "off"

// parse reads the command line. Its errors are complete sentences; flag.ErrHelp
// means that the usage was asked for and written.
func parse(args []string, getenv func(string) string, usage io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Usage = func() {
		fmt.Fprint(usage, "usage: server [flags]\n       server audit verify -key FILE [-checkpoints FILE] FILE|DIRECTORY...\n\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8080", "address to listen on; one that is not loopback needs an API key")
	flags.StringVar(&c.data, "data", "./data", "directory that holds everything; made where it is not there")
	flags.StringVar(&c.database, "database", "", "connection string of a PostgreSQL that several servers share, without a password, which "+databaseVariable+" hides from the list of processes; SQLite in -data by default")
	flags.StringVar(&c.files, "files", "", "with a database: directory of the videos, which servers of this machine share; files in -data by default")
	flags.StringVar(&c.imports, "import", "", "directory whose videos to add, where they lie, without copying them")
	flags.StringVar(&c.key, "api-key", "", "key that every request must carry; "+keyVariable+" hides it from the list of processes")
	flags.BoolVar(&c.publicPlay, "public-play", false, "with a key: let anybody play who has the address of a video")
	flags.BoolVar(&c.mpegts, "mpegts", false, "play as MPEG-2 transport streams, too, for old players: at …/ts.m3u8 in place of …/master.m3u8")
	flags.BoolVar(&c.settle, "settle", false, "rewrite what became ready, in the background, so that playing it takes less; originals are kept, so it takes twice the room")
	flags.BoolVar(&c.transcode, "transcode", true, "make what HLS cannot carry into what plays, by ffmpeg; where that is not installed, such files wait until it is")
	flags.DurationVar(&c.drain, "drain", 20*time.Second, "how long running requests may take to end once the server is told to stop")
	flags.StringVar(&c.adminAddr, "admin-addr", "", "loopback address for operators, with /metrics, /v1/audit, /v1/cache and a /ready that says more")
	flags.StringVar(&c.audit, "audit", "drop", "what becomes of a request that cannot be written to the audit log: drop (count it), block (wait), refuse; off for no log")
	flags.BoolVar(&c.auditWait, "audit-wait", false, "answer a request only when it is in the audit log on the disk")
	flags.StringVar(&c.auditDir, "audit-dir", "", "directory of the audit log, on another disk perhaps; audit in -data by default")
	flags.StringVar(&c.checkpoints, "audit-checkpoints", "", "file that checkpoints of the audit log are added to, best where this machine can only append; a log that was cut off before the last of them is not continued")
	flags.StringVar(&c.encrypt, "encrypt", "", "have segments encrypted: AES-128 (HLS) or SAMPLE-AES (HLS and DASH, by ClearKey); keys come from "+secretVariable+" or a secret in -data")
	flags.IntVar(&c.keyPeriod, "key-period", 0, "with -encrypt, how many segments share a key: after so many, the next one; 0 for one key")
	flags.Func("trusted-proxy", "address or range of a proxy whose X-Forwarded-For is believed, such as 10.0.0.0/8; may be given more than once", c.trust)
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("%q is not a flag; the flags are listed by -help", flags.Arg(0))
	}
	if c.key == "" {
		c.key = getenv(keyVariable)
	}
	c.secret = getenv(secretVariable)
	given := c.database
	if given == "" {
		c.database = getenv(databaseVariable)
	}
	if err := c.checkDatabase(given); err != nil {
		return config{}, err
	}
	return c, c.check()
}

// check refuses what would leave the server open to everybody.
func (c config) check() error {
	if c.key != "" && len(c.key) < minKeyLength {
		return fmt.Errorf("the API key has %d characters and needs at least %d: openssl rand -hex 24 makes a good one", len(c.key), minKeyLength)
	}
	if err := c.checkAudit(); err != nil {
		return err
	}
	if err := c.checkEncryption(); err != nil {
		return err
	}
	if c.drain < 0 {
		return fmt.Errorf("-drain %v is less than nothing", c.drain)
	}
	if _, _, err := net.SplitHostPort(c.adminAddr); c.adminAddr != "" && err != nil {
		return fmt.Errorf("-admin-addr %q is not host:port, such as 127.0.0.1:9090", c.adminAddr)
	}
	if c.adminAddr != "" && c.adminAddr == c.addr {
		return fmt.Errorf("-admin-addr and -addr are the same; operators need an address of their own")
	}
	if c.adminAddr != "" && !loopback(c.adminAddr) {
		return fmt.Errorf("-admin-addr %q is not on loopback: who reaches it sees everything, and nobody is asked for the key there", c.adminAddr)
	}
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		return fmt.Errorf("-addr %q is not host:port, such as 127.0.0.1:8080", c.addr)
	}
	if c.key == "" && !loopback(c.addr) {
		return errOpen(c.addr)
	}
	return nil
}

func (c config) checkAudit() error {
	if _, ok := policies[c.audit]; !ok && c.audit != auditOff {
		return fmt.Errorf("-audit %q is none of drop, block, refuse and off", c.audit)
	}
	if c.audit == auditOff && (c.auditWait || c.auditDir != "" || c.checkpoints != "") {
		return errors.New("-audit off, and yet -audit-wait, -audit-dir or -audit-checkpoints: which is meant?")
	}
	return nil
}

func (c config) auditPlace() string {
	if c.auditDir != "" {
		return c.auditDir
	}
	return filepath.Join(c.data, auditDir)
}

// trust reads an address or a range of addresses.
func (c *config) trust(text string) error {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, failed := netip.ParseAddr(text)
		if failed != nil {
			return errors.New("an address such as 10.0.0.1, or a range such as 10.0.0.0/8, is needed")
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	if prefix.Bits() == 0 {
		return errors.New("that is every address: every client could say that it is another")
	}
	c.proxies = append(c.proxies, prefix.Masked())
	return nil
}

func errOpen(addr string) error {
	return errors.New(`refusing to listen on ` + addr + ` without an API key: whoever reaches it could upload, watch and delete.
  Either give a key:      ` + keyVariable + `=$(openssl rand -hex 24) go run ./examples/server -addr ` + addr + `
  or stay on loopback:    go run ./examples/server -addr 127.0.0.1:8080`)
}

// loopback reports whether only this machine reaches addr. A name other than
// localhost does not count: what it resolves to may change.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
