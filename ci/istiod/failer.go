package main

import (
	"fmt"
	"os"
	"sync"
)

// failer is what istiod's fakes ask for in place of a testing.T. A failure is a panic, which ends the recording of one mesh.
type failer struct {
	mu       sync.Mutex
	cleanups []func()
}

func (f *failer) Fail()                          { panic("failed") }
func (f *failer) FailNow()                       { panic("failed") }
func (f *failer) Fatal(args ...any)              { panic(fmt.Sprint(args...)) }
func (f *failer) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (f *failer) Log(...any)                     {}
func (f *failer) Logf(string, ...any)            {}
func (f *failer) Helper()                        {}
func (f *failer) Skip(args ...any)               { panic("skipped: " + fmt.Sprint(args...)) }

// Cleanup keeps a function for the end of the mesh.
func (f *failer) Cleanup(c func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cleanups = append(f.cleanups, c)
}

// TempDir makes a folder that is removed at the end of the mesh.
func (f *failer) TempDir() string {
	folder, err := os.MkdirTemp("", "istiod")
	if err != nil {
		panic(err)
	}
	f.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// done runs what was kept, the last first.
func (f *failer) done() {
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
}
