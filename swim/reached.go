package swim

import "praetor/internal/reach"

// Places that a batch of random runs must have come by; see package reach.
var (
	reachedRival         = reach.New("swim/name-claimed-by-two")
	reachedNameTaken     = reach.New("swim/name-taken-over")
	reachedCameBack      = reach.New("swim/member-came-back")
	reachedOtherRefuted  = reach.New("swim/other-refuted")
	reachedConfirmed     = reach.New("swim/suspicion-confirmed")
	reachedHeardDead     = reach.New("swim/failure-heard-of")
	reachedRefutes       = reach.New("swim/refuted")
	reachedOutlives      = reach.New("swim/outlives-its-former-self")
	reachedMissed        = reach.New("swim/old-accusation-answered-again")
	reachedSuspicionEnds = reach.New("swim/suspicion-expired")
	reachedBlamesItself  = reach.New("swim/blames-itself-for-a-failed-probe")
	reachedBuddy         = reach.New("swim/suspect-told-first")
	reachedProbeConfirms = reach.New("swim/failed-probe-confirms")
	reachedUnmatched     = reach.New("swim/ack-too-late")
	reachedNack          = reach.New("swim/nack-counted")
	reachedRelayed       = reach.New("swim/ack-relayed")
	reachedNackSent      = reach.New("swim/nack-sent")
	reachedDoubts        = reach.New("swim/death-in-a-push-pull-doubted")
	reachedLearnsEnded   = reach.New("swim/ended-member-learned")
	reachedReconnects    = reach.New("swim/reconnects-to-the-dead")
	reachedTwin          = reach.New("swim/joins-and-finds-itself-elsewhere")
	reachedJoinOutlives  = reach.New("swim/joins-with-a-newer-incarnation")
	reachedLeavesAlone   = reach.New("swim/leaves-with-nobody-to-tell")
)
