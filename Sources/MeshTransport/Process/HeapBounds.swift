import CLibcurl

/// Keeps this process's heap to what is in use; to be called by a program first of all.
///
/// glibc gives each thread an arena of its own and returns memory of one only from its end: what a mesh of 50,000 pods
/// needs for a moment would stay for ever, once for each thread. One arena suffices for the two or three threads that
/// work here, and large blocks are mapped, so that they go back when they are freed.
public func boundHeap() { clibcurl_bound_heap() }
