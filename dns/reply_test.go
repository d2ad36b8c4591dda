package dns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// reply asks a handler of cfg and src, over UDP, and checks the reply's form.
func reply(t *testing.T, cfg Config, src Source, q *dns.Msg) *dns.Msg {
	t.Helper()
	h, err := NewHandler(cfg, src)
	if err != nil {
		t.Fatal(err)
	}
	r := h.Reply(context.Background(), rand.New(rand.NewPCG(1, 1)), q, UDP)
	if r != nil {
		checkReply(t, q, r, UDP)
	}
	return r
}

func question(name string, qtype uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, qtype) }

func TestRepliesAreNotAnswered(t *testing.T) {
	q := new(dns.Msg).SetReply(question("n1.node.consul.", dns.TypeA))
	if r := reply(t, DefaultConfig(), sampleSource(), q); r != nil {
		t.Errorf("a reply was answered with %v", r)
	}
}

func TestQuestionsThatAreNotOneAreFormatErrors(t *testing.T) {
	none := question("n1.node.consul.", dns.TypeA)
	none.Question = nil
	two := question("n1.node.consul.", dns.TypeA)
	two.Question = append(two.Question, two.Question[0])
	twoOPT := question("n1.node.consul.", dns.TypeA).SetEdns0(1232, false).SetEdns0(1232, false)
	for name, q := range map[string]*dns.Msg{"none": none, "two": two, "two OPT": twoOPT} {
		if r := reply(t, DefaultConfig(), sampleSource(), q); r.Rcode != dns.RcodeFormatError {
			t.Errorf("%s: %s", name, dns.RcodeToString[r.Rcode])
		}
	}
}

func TestNoReplyOverUDPIsLargerThan4096Bytes(t *testing.T) {
	src := newMemory()
	for i := range 500 {
		node := &catalog.Node{Node: fmt.Sprint("n", i), Address: fmt.Sprintf("10.0.%d.%d", i/256, i%256)}
		src.addNode("dc1", node, "")
		if err := src.addService(node.Node, &catalog.Service{Service: "web"}, ""); err != nil {
			t.Fatal(err)
		}
	}
	r := reply(t, DefaultConfig(), src, question("web.service.consul.", dns.TypeA).SetEdns0(65535, false))
	if !r.Truncated || r.Len() < 4000 {
		t.Errorf("%d bytes, tc=%v; want close to 4096, and TC", r.Len(), r.Truncated)
	}
}

// metaNode returns a source with one node with metadata.
func metaNode(meta map[string]string) Source {
	src := newMemory()
	src.addNode("dc1", &catalog.Node{Node: "n1", Address: "10.0.0.1", Meta: meta}, "")
	return src
}

func TestAnswerThatFitsIsSentThoughAnEarlierOneDoesNot(t *testing.T) {
	src := metaNode(map[string]string{"a-long": strings.Repeat("x", 800), "b-short": "y"})
	r := reply(t, DefaultConfig(), src, question("n1.node.consul.", dns.TypeTXT))
	if len(r.Answer) != 1 || r.Answer[0].(*dns.TXT).Txt[0] != "b-short=y" || !r.Truncated {
		t.Errorf("got\n%s", r)
	}
}

func TestEmptyAnswerIsMarkedTruncatedWhateverTheConfiguration(t *testing.T) {
	cfg := DefaultConfig()
	cfg.UDP.Truncate = false
	src := metaNode(map[string]string{"a-long": strings.Repeat("x", 800)})
	r := reply(t, cfg, src, question("n1.node.consul.", dns.TypeTXT))
	if len(r.Answer) != 0 || !r.Truncated || r.Rcode != dns.RcodeSuccess {
		t.Errorf("got\n%s", r)
	}
}

func TestMetadataIsBounded(t *testing.T) {
	meta := map[string]string{"too-long": strings.Repeat("x", maxMetaText)}
	for i := range 2 * maxMeta {
		meta[fmt.Sprint("k", i)] = "v"
	}
	rrs := metaRRs("n1.node.consul.", &catalog.Node{Meta: meta}, 0)
	if len(rrs) != maxMeta {
		t.Errorf("%d records, want %d", len(rrs), maxMeta)
	}
	for _, rr := range metaRRs("n1.node.consul.", &catalog.Node{Meta: map[string]string{"too-long": meta["too-long"]}}, 0) {
		t.Errorf("a pair of more than %d bytes is in the answer: %s", maxMetaText, rr)
	}
}

// A string in a TXT record has at most 255 bytes; the client joins them.
func TestLongMetadataIsSplitAndComesBackWhole(t *testing.T) {
	value := strings.Repeat(`0123456789 "\`, 50)
	q := question("n1.node.consul.", dns.TypeTXT).SetEdns0(4096, false)
	r := reply(t, DefaultConfig(), metaNode(map[string]string{"k": value}), q)
	packet, err := r.Pack()
	if err != nil {
		t.Fatal(err)
	}
	back := new(dns.Msg)
	if err := back.Unpack(packet); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(back.Answer[0].(*dns.TXT).Txt, "")
	if got := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text); got != "k="+value {
		t.Errorf("got %q, want %q", got, "k="+value)
	}
}

func TestIPv4AddressInIPv6FormIsAnA(t *testing.T) {
	src := newMemory()
	src.addNode("dc1", &catalog.Node{Node: "n1", Address: "::ffff:10.0.0.1"}, "")
	r := reply(t, DefaultConfig(), src, question("n1.node.consul.", dns.TypeA))
	if len(r.Answer) != 1 || r.Answer[0].(*dns.A).A.String() != "10.0.0.1" {
		t.Errorf("got\n%s", r)
	}
}

func TestZoneNamesAtMostThreeServers(t *testing.T) {
	src := sampleSource()
	for i := range 5 {
		if err := src.addService(fmt.Sprint("n", i), &catalog.Service{Service: "consul"}, ""); err != nil {
			t.Fatal(err)
		}
	}
	r := reply(t, DefaultConfig(), src, question("consul.", dns.TypeNS).SetEdns0(1232, false))
	if len(r.Answer) != 3 || len(r.Extra) != 4 || r.Truncated {
		t.Errorf("got\n%s\nwant 3 servers, their addresses and OPT", r)
	}
}

// recursing returns a Config with n recursors that answer by exchange.
func recursing(n int, exchange Exchange) Config {
	cfg := DefaultConfig()
	for i := range n {
		cfg.Recursion.Servers = append(cfg.Recursion.Servers, fmt.Sprint("192.0.2.", i))
	}
	cfg.Recursion.Exchange = exchange
	return cfg
}

func TestRepliesOfRecursorsToOtherQuestionsAreIgnored(t *testing.T) {
	for name, forge := range map[string]func(*dns.Msg){
		"id":       func(r *dns.Msg) { r.Id++ },
		"name":     func(r *dns.Msg) { r.Question[0].Name = "bank.example." },
		"type":     func(r *dns.Msg) { r.Question[0].Qtype = dns.TypeAAAA },
		"question": func(r *dns.Msg) { r.Response = false },
	} {
		cfg := recursing(1, func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
			r := new(dns.Msg).SetReply(q)
			forge(r)
			return r, nil
		})
		if r := reply(t, cfg, sampleSource(), question("www.example.", dns.TypeA)); r.Rcode != dns.RcodeServerFailure {
			t.Errorf("another %s: %s, want SERVFAIL", name, dns.RcodeToString[r.Rcode])
		}
	}
}

func TestRepliesOfRecursorsAreCutToTheClientsSize(t *testing.T) {
	cfg := recursing(1, func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
		if !q.RecursionDesired || q.IsEdns0() == nil || q.IsEdns0().UDPSize() != 600 {
			t.Errorf("recursor was asked %s", q)
		}
		r := new(dns.Msg).SetReply(q)
		for i := range 200 {
			r.Answer = append(r.Answer, ipRRs("www.example.", netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 60)...)
		}
		return r.SetEdns0(4096, false), nil
	})
	r := reply(t, cfg, sampleSource(), question("www.example.", dns.TypeA).SetEdns0(600, false))
	if !r.Truncated || len(r.Answer) == 0 || countOPT(r) != 1 {
		t.Errorf("got\n%s", r)
	}
}

func TestWhatRecursorsAddIsPassedOnExceptForTheirEDNS0(t *testing.T) {
	cfg := recursing(1, func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
		r := new(dns.Msg).SetReply(q).SetEdns0(4096, false)
		r.Extra = append(r.Extra, ipRRs("ns.example.", netip.MustParseAddr("192.0.2.1"), 60)...)
		return r, nil
	})
	r := reply(t, cfg, sampleSource(), question("www.example.", dns.TypeA).SetEdns0(1232, true))
	if len(withoutOPT(r.Extra)) != 1 {
		t.Errorf("got\n%s", r)
	}
}

// An alias is followed to the address; signatures and the rest were not asked for.
func TestOnlyTheChainToTheAddressIsTakenFromARecursor(t *testing.T) {
	src := newMemory()
	src.addNode("dc1", &catalog.Node{Node: "n1", Address: "db.example"}, "")
	cfg := recursing(1, func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
		r := new(dns.Msg).SetReply(q)
		for _, s := range []string{"db.example. CNAME db2.example.", "db2.example. A 192.0.2.1", "db2.example. TXT x"} {
			rr, err := dns.NewRR(s)
			if err != nil {
				t.Error(err)
			}
			r.Answer = append(r.Answer, rr)
		}
		return r, nil
	})
	r := reply(t, cfg, src, question("n1.node.consul.", dns.TypeA))
	if len(r.Answer) != 3 || r.Answer[2].Header().Rrtype != dns.TypeA {
		t.Errorf("got\n%s", r)
	}
}

func TestRecursionWithoutDesireIsPassedOnAsSuch(t *testing.T) {
	q := question("www.example.", dns.TypeA)
	q.RecursionDesired = false
	cfg := recursing(1, func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
		if q.RecursionDesired {
			t.Error("recursor was asked to recurse")
		}
		return new(dns.Msg).SetReply(q), nil
	})
	reply(t, cfg, sampleSource(), q)
}

func TestNoMoreRecursorsAreAskedForOneWhoGaveUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	asked := 0
	cfg := recursing(3, func(context.Context, *dns.Msg, Transport, string) (*dns.Msg, error) {
		asked++
		cancel()
		return nil, errors.New("i/o timeout")
	})
	h, err := NewHandler(cfg, sampleSource())
	if err != nil {
		t.Fatal(err)
	}
	h.Reply(ctx, rand.New(rand.NewPCG(1, 1)), question("www.example.", dns.TypeA), UDP)
	if asked != 1 {
		t.Errorf("%d recursors were asked, want 1", asked)
	}
}

// TestAliasesAreFollowedOnlySoFar: each alias costs a look-up, and those that
// lead out a question to another server.
func TestAliasesAreFollowedOnlySoFar(t *testing.T) {
	src := newMemory()
	src.addNode("dc1", &catalog.Node{Node: "n1", Address: "10.0.0.1"}, "")
	for i := range 10 {
		for _, svc := range []*catalog.Service{
			{Service: fmt.Sprint("chain", i), Address: fmt.Sprintf("chain%d.service.consul", i+1)},
			{Service: "out", Address: fmt.Sprintf("db%d.example", i)},
		} {
			if err := src.addService("n1", svc, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	asked := 0
	cfg := recursing(1, func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
		asked++
		return new(dns.Msg).SetReply(q), nil
	})
	r := reply(t, cfg, src, question("chain0.service.consul.", dns.TypeA).SetEdns0(4096, false))
	if len(r.Answer) != 1+maxTrail {
		t.Errorf("%d aliases in the answer, want %d:\n%s", len(r.Answer), 1+maxTrail, r)
	}
	r = reply(t, cfg, src, question("out.service.consul.", dns.TypeSRV).SetEdns0(4096, false))
	if len(r.Answer) != 10 || asked != maxAsked {
		t.Errorf("%d answers for %d questions to recursors, want 10 for %d", len(r.Answer), asked, maxAsked)
	}
}

func TestSecondsFitTheField(t *testing.T) {
	for _, test := range []struct{ hours, want int }{{-1, 0}, {1, 3600}, {1 << 20, 1<<31 - 1}} {
		if got := seconds(time.Duration(test.hours) * time.Hour); int(got) != test.want {
			t.Errorf("seconds(%d h) = %d, want %d", test.hours, got, test.want)
		}
	}
}
