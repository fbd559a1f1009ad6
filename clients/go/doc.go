// Package kahets sends messages to kahets, the daemon of this host that brings them to Kafka.
package kahets
