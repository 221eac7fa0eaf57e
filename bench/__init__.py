"""What `./baohan bench` runs: a stage a file, each against a peer in the same run."""
