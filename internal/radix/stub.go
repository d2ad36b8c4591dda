package radix

type registration struct{}

// Stop ends the wait.
func (w *Waiter) Stop() {}

