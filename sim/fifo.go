package sim

// fifo is a queue that uses its memory again, as a slice whose front is cut off
// does not.
type fifo[T any] struct {
	list []T // those before head were taken
	head int
}

// push puts an element behind all others.
func (q *fifo[T]) push(v T) {
	if q.head > len(q.list)/2 || q.head == len(q.list) { // few are left: move them to the front
		n := copy(q.list, q.all())
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
	q.list = append(q.list, v)
}

// pop takes the first element; there must be one.
func (q *fifo[T]) pop() T {
	v := q.list[q.head]
	var zero T
	q.list[q.head] = zero // let go of what it holds
	q.head++
	return v
}

// len is how many there are.
func (q *fifo[T]) len() int { return len(q.list) - q.head }

// all returns the elements in their order, until the next change.
func (q *fifo[T]) all() []T { return q.list[q.head:] }
