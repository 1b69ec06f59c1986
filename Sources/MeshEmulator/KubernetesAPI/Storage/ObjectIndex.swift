/// The place of an object among others of its kind: by namespace, then by name, in byte order.
struct ObjectKey: Hashable, Comparable {
  var namespace: String
  var name: String

  init(_ namespace: String, _ name: String) {
    self.namespace = namespace
    self.name = name
  }

  init(_ object: StoredObject) { self.init(object.namespace, object.name) }

  static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    left.namespace == right.namespace ? left.name < right.name : left.namespace < right.namespace
  }
}

/// The objects of one kind in key order, as chunks that copies share until they are written.
///
/// A copy is a consistent snapshot and costs one array of chunk references, so a paged list reads the state its first
/// page saw. Finding is O(log n); writing moves at most one chunk.
struct ObjectIndex: Sendable {
  private var chunks: [[StoredObject]] = []
  private(set) var count = 0

  private static let capacity = 512

  /// The object of a key.
  subscript(key: ObjectKey) -> StoredObject? {
    let place = locate(key)
    guard place.found else { return nil }
    return chunks[place.chunk][place.offset]
  }

  /// Adds an object or replaces the one of its key.
  mutating func insert(_ object: StoredObject) {
    let place = locate(ObjectKey(object))
    if place.found {
      chunks[place.chunk][place.offset] = object
      return
    }
    count += 1
    guard !chunks.isEmpty else {
      chunks = [[object]]
      return
    }
    chunks[place.chunk].insert(object, at: place.offset)
    let size = chunks[place.chunk].count
    if size > Self.capacity {
      // Keys mostly arrive in order: a chunk that overflows at its end starts a new one and stays full.
      let split = place.offset == size - 1 ? size - 1 : size / 2
      let tail = Array(chunks[place.chunk][split...])
      chunks[place.chunk].removeSubrange(split...)
      chunks.insert(tail, at: place.chunk + 1)
    }
  }

  /// Removes the object of a key.
  mutating func remove(_ key: ObjectKey) {
    let place = locate(key)
    guard place.found else { return }
    count -= 1
    chunks[place.chunk].remove(at: place.offset)
    if chunks[place.chunk].isEmpty { chunks.remove(at: place.chunk) }
  }

  /// Calls `body` with the objects of a namespace (of all where `nil`) after a key, in order, until it answers false.
  func forEach(in namespace: String?, after start: ObjectKey? = nil, _ body: (StoredObject) -> Bool) {
    let first = start ?? namespace.map { ObjectKey($0, "") } ?? ObjectKey("", "")
    var (chunk, offset, found) = locate(first)
    if found, start != nil { offset += 1 }
    while chunk < chunks.count {
      for object in chunks[chunk][offset...] {
        if let namespace, object.namespace != namespace { return }
        if !body(object) { return }
      }
      chunk += 1
      offset = 0
    }
  }

  /// Where a key is, or where it would be inserted.
  private func locate(_ key: ObjectKey) -> (chunk: Int, offset: Int, found: Bool) {
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if let first = chunks[middle].first, ObjectKey(first) <= key { low = middle + 1 } else { high = middle }
    }
    let chunk = max(0, low - 1)
    guard chunk < chunks.count else { return (0, 0, false) }
    let objects = chunks[chunk]
    low = 0
    high = objects.count
    while low < high {
      let middle = (low + high) / 2
      if ObjectKey(objects[middle]) < key { low = middle + 1 } else { high = middle }
    }
    return (chunk, low, low < objects.count && ObjectKey(objects[low]) == key)
  }
}
