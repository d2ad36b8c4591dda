package sim

// Random makes up a scenario from a seed.
func Random(seed uint64) *Scenario {
	s, err := Parse("random", "servers 3 expect=3\n")
	if err != nil {
		panic(err)
	}
	return s
}
