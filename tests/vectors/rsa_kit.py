"""RSA with fixed keys and a fixed salt, so that a PS256 vector is the same each time (RFC 8017 8.1.1, 9.1.1)."""

import hashlib

P = int(
    "f34693a1022c990af32c9b5e0bbfabfade8b2261df51ef00f80869dc7610e4e926cb18bbaaf692f193887b31b99d9614822b"
    "2d6e067afaa8ebeee0ff9d39799797c946d7fc606864f9d7b4a0f7b0e98b6315989c4a0df563354cb98ab2e1dcdccc711486"
    "9ad07ab9a24b6d6feca609f1b87cf793f04952b010447c34e672e827",
    16,
)
Q = int(
    "e379f167752d2a2dd9c422cfd9a2453928c4d2d394cec8b6ab60c40084d223cb9b05e90e913e98c21193b0a3f0a9092ba099"
    "7a58879460276df6cf3d9e2c196c0df15e72764a0f501b326c82604a05fd096d08c7e19e43926f782bde81bfdad3deace59c"
    "a6d29e04335a59108fe53aac5a5648305fcefe8a4d6013f9690d59a7",
    16,
)
SHORT_P = int(
    "ed2c8fd86061409a728a25c644dbde6d04d3fc8c93a02385e7f54405efcc16649f5dd58d143ef70add9b3e1b694505ff02a0"
    "3e0d87ee79898604d5876258cc63",
    16,
)
SHORT_Q = int(
    "c58857743e069b45261bdae551decd32254dbb5c2fec61f75efa29a6b52f8e0560f88cb2c13fb9bbf211347f621f1e455335"
    "913e4fda335cc1a7de4aa1a52573",
    16,
)

E = 65537
SALT = bytes(range(32))


def _mgf1(seed: bytes, length: int) -> bytes:
    """RFC 8017 B.2.1 with SHA-256."""
    blocks = (hashlib.sha256(seed + n.to_bytes(4, "big")).digest() for n in range(-(-length // 32)))
    return b"".join(blocks)[:length]


def sign_pss(p: int, q: int, message: bytes, salt: bytes = SALT, e: int = E) -> bytes:
    """RSASSA-PSS with SHA-256."""
    n, size = p * q, (p * q).bit_length() // 8
    digest = hashlib.sha256(bytes(8) + hashlib.sha256(message).digest() + salt).digest()
    block = bytes(size - len(salt) - 34) + b"\1" + salt
    masked = bytearray(a ^ b for a, b in zip(block, _mgf1(digest, len(block)), strict=True))
    masked[0] &= 0x7F
    encoded = int.from_bytes(bytes(masked) + digest + b"\xbc", "big")
    return pow(encoded, pow(e, -1, (p - 1) * (q - 1)), n).to_bytes(size, "big")
