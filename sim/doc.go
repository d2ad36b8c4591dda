// Package sim plays whole clusters in one thread.
package sim
