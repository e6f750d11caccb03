package captions_test

import (
	"fmt"
	"time"

	"github.com/streamgate/streamgate/captions"
)

func ExampleParse() {
	cues, err := captions.Parse([]byte("1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i> & <font color=red>welcome</font>\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(captions.Format(cues)))
	_, err = captions.Parse([]byte("WEBVTT\n\n00:00:03.000 --> 00:00:02.000\nlate"))
	fmt.Println(err)
	// Output:
	// WEBVTT
	//
	// 1
	// 00:00:01.000 --> 00:00:02.500
	// <i>Hello</i> &amp; welcome
	// line 3: the cue ends before it begins
}

func ExampleFormat() {
	cue := captions.Cue{Start: 1e9, End: 2e9, Text: "Hello"}
	fmt.Print(string(captions.Format([]captions.Cue{cue})))
	fmt.Print(string(captions.Append([]byte(captions.Header+"\n"), 7, &cue)))
	// Output:
	// WEBVTT
	//
	// 1
	// 00:00:01.000 --> 00:00:02.000
	// Hello
	// WEBVTT
	//
	// 7
	// 00:00:01.000 --> 00:00:02.000
	// Hello
}

func ExampleAppendTime() {
	fmt.Println(string(captions.AppendTime(nil, 90*time.Minute+1500*time.Millisecond)))
	// Output: 01:30:01.500
}

func ExampleSample_Cues() {
	s := captions.Sample{Coding: "tx3g", Data: []byte("\x00\x0fHello <b>there\n"), Start: time.Second, End: 3 * time.Second}
	cues, err := s.Cues()
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(string(captions.Format(cues)))
	// Output:
	// WEBVTT
	//
	// 1
	// 00:00:01.000 --> 00:00:03.000
	// Hello &lt;b&gt;there
}
