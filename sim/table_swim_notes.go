package sim

const swimDetectionNotes = `
Notes

The setting of the analysis: all periods begin at the same time, members fail
at the beginning of one, nothing is lost, and a failure is detected at the end
of the first period in which somebody probes the failed member. The paper's
e/(e-1) = 1.582 is for members that pick whom to probe at random, and for large
groups. Ours, as the paper's own (4.3), go through a shuffled list, which is
quicker in small groups; "exact" is the expectation for that, and ours is to be
compared with it. (A list has another merit: the longest wait is bounded.)

Real members do not begin their periods together. Then the first probe comes
after one period in the mean, and its failure is known one period later.
`

const swimFalsePositivesNotes = `
Notes

q is how likely a message arrives, k how many members are asked to ping. The
formula (1-q^2) (1-q^4)^k e/(e-1) is the paper's, for the time that a detection
takes; the figures are what it gives. Ours are the failed probes of members
that are all alive, in as long a time, with everything switched off that came
after the paper: probes by stream, which loss of datagrams does not touch, and
Lifeguard.
`

const swimLoadNotes = `
Notes

A ping and an ack, sent and received, and nothing else while nothing happens:
the paper measured as much, flat up to 55 members.

"pings" is the paper's way, where news rides on pings and acks only. It takes a
number of periods in proportion to the logarithm of the group's size. A member
tells news a limited number of times, so that in a small group now and then
somebody does not hear it at all; "missed" counts these. "gossip" is the way of
memberlist and of the default configuration, where news is also sent to three
members five times a second; what this misses the exchanges of all state, which
are off here, repair.

The group of 17 loses one datagram in ten at its receivers, with one proxy and
periods of 2 s. The paper says that 12 members stayed in the group with
suspicion, and 4 without; it says neither for how long nor how long a suspicion
lasts. Without suspicion the group falls apart within minutes. With it all
depends on its time: a suspicion and its refutation must cross the group before
it ends, on pings alone. Where it is a little too short the group erodes; a
little longer and it stays. (The paper's third line, 2 members, is with news by
multicast, which we do not have.)
`

const lifeguardNotes = `
Notes

The paper's setting: 128 members, of which some are slow for two minutes: they
receive and send nothing while they are blocked, over and over, while their
timers go on. A false positive is a member that was never slow and is declared
failed; it counts where it is declared, and is "healthy" if that member was not
slow either. Suspicions last a = 5, b = 6. Probes by stream are off, which the
paper does not have. Messages and bytes are relative to SWIM's; published are
1.11 and .98 for Lifeguard.

Not the same: the paper plays more conditions (more numbers of slow members,
more times) on real machines, ten times each; ours are those in the middle.
So the totals cannot be compared, their ratios can.

The latency is that of one member which stops in a group where all is well. It
is measured until the first declares it failed, and until all know. "published"
is the paper's time until all know, relative to SWIM's with a = 5.
`
