module kahets

go 1.21
