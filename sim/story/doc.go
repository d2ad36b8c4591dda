// Package story tells what happened in a simulated run, and why.
//
// A [Record] is a run as a list of events, each with the one that brought it
// about; [Event] says what they have. The package knows nothing of the simulator
// that wrote it down, so anything that keeps such a list can use it.
//
// # Explanations
//
// [Explain] tells how a rule came to be broken ([Breach]). It walks back from
// where that was found, over causes (a message was received because it was sent)
// and over the order in which things happened on a host: that is the causal past,
// and nothing outside of it can have brought the breach about. Of the thousands
// of events in it, those are told that matter to the rule, by weights:
//
//	100  what is about the terms, the indexes and the keys in question
//	 80  other changes of leaders; crashes and starts of the hosts involved
//	 70  what the scenario did
//	 40  messages that were lost on the way there
//	 10  what there is room for
//
// at most 30 lines. Each line is what a host did in one go, and names the lines
// that led to it:
//
//	11    0.860963  n5   receives "term 2 vote yes" from n2; leads term 2  <- 7, 9
//
// # Pictures
//
// [SVG] draws a run as a space-time diagram, [Page.HTML] as a page to step
// through, which fetches nothing:
//
//	stands        leads term 1
//	n1 ----o========#############   thin: follower, dashed: candidate, thick: leader
//	        \    /   \         x    the colour is the term
//	n2 ------\--*-----[1]------     * votes, [1] appends the entry 1
//
// Time runs to scale where something happens that is drawn; the rest is a break,
// which is marked as one. A picture has at most 600 events: those of a [Window],
// or of an explanation, or else the elections, crashes, cuts and requests.
package story
