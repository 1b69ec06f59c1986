import Foundation
import MeshModel

/// Telling a plan that is being applied from one that a crash left open: whoever applies it holds a lock meanwhile, which
/// the system frees with the process.
extension Journal {
  /// The sign that a plan is being applied.
  struct Applying: Sendable {
    fileprivate let lock: FileLock
    fileprivate let path: String

    /// Nobody applies the plan any longer.
    func end() {
      unlink(path)
      lock.release()
    }
  }

  /// Notes that a plan is about to be applied, under an identity that no other record has: its own in plain signs, or with
  /// a number after it. It counts as being applied until the sign's ``Applying/end()``.
  func begin(_ receipt: inout Receipt) throws(MeshError) -> Applying {
    try locked { () throws(MeshError) in
      receipt.plan.id = try unused(Self.plain(receipt.plan.id.utf8.prefix(80)))
      while true {
        let path = lockPath(receipt.plan.id)
        guard let lock = try FileLock(ifFree: path) else {
          // Held for a plan that the journal tells of no longer: nobody waits for it with the journal locked.
          receipt.plan.id = try unused(PlanID.make())
          continue
        }
        let applying = Applying(lock: lock, path: path)
        do throws(MeshError) { try append(JournalEntry(event: .begun, receipt: receipt)) } catch {
          applying.end()
          throw error
        }
        return applying
      }
    }
  }

  /// Whether somebody is applying the plan of an id.
  func isApplying(_ id: String) -> Bool { FileLock.isHeld(lockPath(id)) }

  /// A name of its own for each identity that is noted here; what a plan file calls a plan leads nowhere else.
  private func lockPath(_ id: String) -> String { "\(directory.path)/plan-\(Self.plain(id.utf8.prefix(200))).lock" }

  /// Letters, digits, `-` and `_` as they are, and `-` for every other byte.
  private static func plain(_ bytes: some Sequence<UInt8>) -> String {
    let plain = bytes.map { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
        byte
      default: UInt8(ascii: "-")
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }
}
