import MeshModel

/// Cuts the resources out of a configuration dump that arrives in pieces, so that the whole never stands in memory.
///
/// They are what lies a number of brackets deep, such as five in `{"configs":[{"dynamicRouteConfigs":[{…}]}]}`.
struct DumpCutter: Sendable {
  /// A resource larger than this is none of istiod's. What stands around the resources is never as long.
  private static let limit = 64 << 20

  private let depth: Int
  private let keepsRest: Bool
  private var scanner = ValueScanner()
  private var carry: [UInt8] = []
  private var isBroken = false
  private var count = 0
  /// What stands around the resources, each with its number in its place, where that is kept.
  private(set) var rest: [UInt8] = []

  /// - Parameter depth: How many brackets deep a resource begins, its own included.
  init(depth: Int = 5, keepsRest: Bool = false) {
    self.depth = depth
    self.keepsRest = keepsRest
  }

  /// Whether the dump came to its end and nothing was wrong with it.
  var isWhole: Bool { scanner.hasEnded && scanner.depth == 0 && !isBroken }

  /// Takes the next piece and hands on each resource that is complete.
  mutating func feed(_ piece: [UInt8], _ each: (ArraySlice<UInt8>) -> Void) {
    var carry = carry
    self.carry = []
    parts(of: piece) { part, isEnd in
      guard isEnd, carry.isEmpty else {
        carry += part
        guard isEnd else { return }
        each(carry[...])
        carry = []
        return
      }
      each(part)
    }
    if carry.count > Self.limit { (isBroken, carry) = (true, []) }
    self.carry = carry
  }

  /// Takes the next piece and hands on what it has of each resource, and whether that is the end of it.
  mutating func parts(of piece: [UInt8], _ each: (ArraySlice<UInt8>, _ isEnd: Bool) -> Void) {
    guard !isBroken else { return }
    var start = 0
    piece.withUnsafeBufferPointer { bytes in
      var index = 0
      while let crossing = scanner.cross(depth, in: bytes, from: &index) {
        switch crossing {
        case .begins:
          if keepsRest { rest += piece[start..<index - 1] + Array(String(count).utf8) }
          count += 1
          start = index - 1
        case .ends:
          each(piece[start..<index], true)
          start = index
        }
      }
    }
    if scanner.depth >= depth {
      each(piece[start...], false)
    } else if keepsRest {
      rest += piece[start...]
    }
    if rest.count > Self.limit { (isBroken, rest) = (true, []) }
  }
}
