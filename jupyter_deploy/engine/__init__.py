"""The engine: what every face drives. Plain records and events come out of it; each change is an operation in a process of its own."""
