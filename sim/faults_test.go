package sim

import (
	"math"
	"strings"
	"testing"
)

// shows is, for each kind of fault, a story in which it must change something,
// and after which all is well again.
var shows = map[fault]string{
	faultLoss:      "network loss=10%\nwait 10s\nnetwork loss=0%\n",
	faultBurst:     "network burst=2%\nwait 20s\nnetwork burst=0%\n",
	faultDuplicate: "network duplicate=10%\nwait 10s\n",
	faultReorder:   "network reorder=30%\nwait 30s\n",
	faultTail:      "network tail=5%\nwait 10s\nnetwork tail=0%\n",
	faultFlip:      "network flip=5%\nwait 10s\nnetwork flip=0%\n",
	faultGarble:    "network garble=1%\nwait 10s\nnetwork garble=0%\n",
	faultReset:     "network reset=1%\nwait 10s\nnetwork reset=0%\n",

	faultDelay:    "network delay=5ms jitter=10ms\nwait 5s\n",
	faultSlowLink: "network bandwidth=20000\nput a 1 size=4000\nwait 5s\nnetwork bandwidth=0\n",
	faultLose:     "lose n1 -> n2 append #3\nwait 5s\n",
	faultDouble:   "double n1 -> n2 gossip #3\nwait 5s\n",
	faultLate:     "delay all -> all append #3 by 150ms\nwait 5s\n",
	faultClog:     "clog n1 n2 for 2s\nwait 5s\n",
	faultCut:      "cut n1 n2\nwait 5s\nheal\n",
	faultOneWay:   "cut n1 -> n2\nwait 5s\nheal\n",
	faultIsolate:  "isolate n2\nwait 5s\nheal\n",
	faultHalves:   "partition halves\nwait 5s\nheal\n",
	faultRing:     "server n4 joins n1\nwait 5s\npartition ring\nwait 5s\nheal\n",
	faultBridge:   "partition bridge\nwait 5s\nheal\n",

	faultCrash:      "crash n2\nwait 5s\nrestart n2\n",
	faultKill:       "kill n2\nwait 5s\nrestart n2\n",
	faultRestart:    "kill n2\nrestart n2\n",
	faultBounce:     "bounce all\n",
	faultPause:      "pause leader for 3s\nwait 5s\n",
	faultSlowCPU:    "cpu n2 cost=20ms\nwait 10s\ncpu n2 cost=0s\n",
	faultOffset:     "clock n2 offset=1h\nbounce n2\nwait 2s\n",
	faultDrift:      "clock n2 drift=20000\nbounce n2\nwait 5s\n",
	faultJump:       "clock n2 jump=10s\nwait 5s\n",
	faultWipe:       "kill n3\nwipe n3\nrestart n3\nwait 1s\nresign n1\nwait 2s\nrestart n1\n", // the old leader takes n3 for one that has the log
	faultReplace:    "kill n3\nwait 20s\nreplace n3\nrestart n3\nwait 20s\n",
	faultMove:       "kill n3\nmove n3\nrestart n3\n",
	faultOldProgram: "binary n3 speaks=older\nwait 5s\nbinary n3 speaks=same\n",
	faultNewProgram: "binary n3 speaks=newer\nwait 5s\n",

	faultSlowDisk:  "disk n1 sync=50ms\nput a 1\n",
	faultSyncFails: "disk n2 fail=sync\nput a 1\nwait 1s\nrestart n2\n",

	faultEIO:             "disk n2 eio=2%\nwait 5s\ndisk all fail=none\nrestart all\n",
	faultFull:            "disk n2 full=5%\nwait 5s\ndisk all fail=none\nrestart all\n",
	faultSyncRate:        "disk n2 fsync=5%\nwait 5s\ndisk all fail=none\nrestart all\n",
	faultStall:           "disk n2 stall=20%\nwait 5s\ndisk all fail=none\n",
	faultRot:             "kill n3\nrot n3\nrot n3\nrot n3\nrestart n3\nexpect down n3\n",
	faultCrashOpening:    "bounce n2\ndoom n2 at=open\nbounce n2\nwait 1s\nrestart n2\n",
	faultCrashSaving:     "doom n2 at=save\nwait 20s\nexpect down n2\nrestart n2\n",
	faultCrashInstalling: "isolate n3\nwait 15s\ndoom n3 at=install\nheal\nwait 15s\nexpect down n3\nrestart n3\n",
	faultCrashCompacting: "doom n2 at=compact\nwait 60s\nexpect down n2\nrestart n2\n",
	faultUnsyncedLost:    "wait 500ms\ncrash all\nrestart all\nwait 1500ms\ncrash all\nrestart all\nwait 2s\ncrash all\nrestart all\n",
	faultUnsyncedTorn:    "disk all sync=30ms\nwait 2s\ncrash all\nrestart all\nwait 3s\ncrash all\nrestart all\nwait 3s\ncrash all\nrestart all\nwait 3s\ncrash all\nrestart all\n",
	faultUnsyncedKept:    "disk all sync=30ms\nwait 2s\ncrash all\nrestart all\nwait 3s\ncrash all\nrestart all\n",

	faultJoin:   "server n4 joins n1\nwait 5s\n",
	faultLeave:  "server n4 joins n1\nwait 20s\nleave n4\n",
	faultResign: "resign leader\nwait 2s\nrestart all\n",

	faultDemote:   "server n4 joins n1\nwait 20s\ndemote n4\nwait 150s\n",
	faultTransfer: "transfer n3\nwait 2s\n",

	faultGiveUp:      "clients 20 think=10ms\nisolate leader\nwait 5s\nheal\n",
	faultRetry:       "clients 20 think=10ms\nisolate leader\nwait 5s\nheal\n",
	faultOldIndex:    "clients 20 think=10ms\nwait 5s\n",
	faultClientCrash: "clients 20 think=10ms\nwait 5s\n",
}

// TestEachKindOfFaultShows: each one of them strikes, changes something, and is
// survived.
func TestEachKindOfFaultShows(t *testing.T) {
	for f := range numFaults {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			text, ok := shows[f]
			if !ok {
				t.Fatal("no story shows it")
			}
			sc, err := Parse("shows", strings.Replace(three, "expect=3", "expect=3 snapshot=20", 1)+"clients 2 think=50ms\n"+text+"expect leader within 30s\nquiet 40s\n")
			if err != nil {
				t.Fatal(err)
			}
			r, err := sc.Play(Options{Seed: 1})
			if err != nil || r.Failure != nil {
				t.Fatal(err, r.Failure)
			}
			if row := r.Ledger.Rows()[f]; row.Configured == 0 || row.Fired == 0 || row.Effective == 0 {
				t.Errorf("row %+v", row)
			}
		})
	}
}

// TestEachRateIsTheOneConfigured: within a tenth, where there were chances
// enough.
func TestEachRateIsTheOneConfigured(t *testing.T) {
	w := newWorld(1, "", nil, false)
	d := dice{name: "test"}
	for f := range numFaults {
		if !faultKinds[f].rate {
			continue
		}
		for _, p := range []ppm{1000, 50_000, 500_000} {
			const want = 2000
			n := want * million / int(p)
			got := 0.0
			for range n {
				if d.roll(w, f, p) {
					got++
				}
			}
			if math.Abs(got-want) > want/10 {
				t.Errorf("%s at %d ppm: %.0f of %d, want %d", f, p, got, n, want)
			}
		}
		if row := w.ledger.Rows()[f]; math.Abs(row.Configured-6000) > 1 || math.Abs(float64(row.Fired)-6000) > 600 {
			t.Errorf("row %+v", row)
		}
	}
}
