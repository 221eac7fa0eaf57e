// Checks a transparency log with Go's own packages: golang.org/x/mod/sumdb/note and tlog.
//
// Standard input is one JSON document (type task); exit 0 if everything in it holds, else 1 with one
// line on standard error. What is not given is not checked.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type task struct {
	Key        string   // the log's verifier key
	Cosigners  []string // verifier keys of kind 4; each must have signed
	Checkpoint string
	Entry      []byte // base64
	Index      *int64
	Inclusion  [][]byte
	OldSize    int64
	OldRoot    []byte
	Consistent [][]byte
	Tiles      string // folder of the log: proofs are made anew from its tiles
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var t task
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&t); err != nil {
		return err
	}
	tree, err := open(t)
	if err != nil {
		return err
	}
	if t.Index != nil {
		if err := included(t, tree); err != nil {
			return fmt.Errorf("inclusion: %w", err)
		}
	}
	if t.OldSize > 0 {
		old, err := hash(t.OldRoot)
		if err != nil {
			return err
		}
		proof, err := hashes(t.Consistent)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(tlog.TreeProof(proof), tree.N, tree.Hash, t.OldSize, old); err != nil {
			return fmt.Errorf("consistency: %w", err)
		}
	}
	if t.Tiles != "" {
		if err := tiled(t, tree); err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
	}
	return nil
}

// open verifies the checkpoint and every cosigner, and reads size and root.
func open(t task) (tlog.Tree, error) {
	logKey, err := note.NewVerifier(t.Key)
	if err != nil {
		return tlog.Tree{}, err
	}
	verifiers := []note.Verifier{logKey}
	for _, key := range t.Cosigners {
		one, err := newCosigner(key)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, one)
	}
	opened, err := note.Open([]byte(t.Checkpoint), note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(verifiers) {
		return tlog.Tree{}, errors.New("not everybody has signed")
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != logKey.Name() {
		return tlog.Tree{}, errors.New("no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func included(t task, tree tlog.Tree) error {
	proof, err := hashes(t.Inclusion)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(t.Entry)
	return tlog.CheckRecord(tlog.RecordProof(proof), tree.N, tree.Hash, *t.Index, leaf)
}

// tiled has Go make the proofs itself, from our tiles, and compares them with ours.
func tiled(t task, tree tlog.Tree) error {
	reader := tlog.TileHashReader(tree, folder(t.Tiles))
	if t.Index != nil {
		made, err := tlog.ProveRecord(tree.N, *t.Index, reader)
		if err != nil {
			return err
		}
		if !same(made, t.Inclusion) {
			return errors.New("another proof of inclusion")
		}
	}
	if t.OldSize > 0 {
		made, err := tlog.ProveTree(tree.N, t.OldSize, reader)
		if err != nil {
			return err
		}
		if !same(made, t.Consistent) {
			return errors.New("another proof of consistency")
		}
	}
	return nil
}

// folder reads tiles: Go's paths carry the height (tile/8/0/000), those of tlog-tiles do not.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// cosigner verifies a cosignature/v1 (C2SP tlog-cosignature), which Go's package does not know.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("no verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("no verifier key of kind 4")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	return &cosigner{parts[0], binary.BigEndian.Uint32(digest[:4]), key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.id }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	signed := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", at)), text...)
	return ed25519.Verify(c.key, signed, signature[8:])
}

func hashes(raw [][]byte) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, one := range raw {
		h, err := hash(one)
		if err != nil {
			return nil, err
		}
		found = append(found, h)
	}
	return found, nil
}

func hash(raw []byte) (tlog.Hash, error) {
	var h tlog.Hash
	if len(raw) != len(h) {
		return h, errors.New("no hash")
	}
	copy(h[:], raw)
	return h, nil
}

func same(made []tlog.Hash, given [][]byte) bool {
	if len(made) != len(given) {
		return false
	}
	for i := range made {
		if !bytes.Equal(made[i][:], given[i]) {
			return false
		}
	}
	return true
}
