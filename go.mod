module praetor

go 1.26
