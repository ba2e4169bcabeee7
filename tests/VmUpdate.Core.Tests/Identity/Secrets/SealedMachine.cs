using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>Gives a made-up machine a boot key, LSA keys, secrets and master keys, sealed by code of its own, apart from the product's.</summary>
internal sealed class SealedMachine
{
    public const string ProtectFolder = @"Windows\System32\Microsoft\Protect\S-1-5-18\";
    public const int Rounds = 30;

    private static readonly int[] Order = [8, 5, 4, 2, 11, 9, 13, 3, 0, 6, 1, 12, 14, 10, 15, 7];
    private readonly Random _random;
    private readonly byte[] _shuffledBootKey;
    private readonly byte[] _lsaKey;
    private readonly Guid _lsaKeyId;

    public SealedMachine(string name, int seed, uint machineSid = 7)
    {
        _random = new Random(seed);
        _shuffledBootKey = Bytes(16);
        _lsaKey = Bytes(32);
        _lsaKeyId = new Guid(Bytes(16));
        DpapiSystem = [1, 0, 0, 0, .. Bytes(40)];
        Disk = new WindowsDiskBuilder(name, machineSid: machineSid);
        string[] keys = ["JD", "Skew1", "GBG", "Data"];
        Disk.Hive("SYSTEM", hive =>
        {
            for (int index = 0; index < keys.Length; index++)
            {
                hive.Create($@"{Disk.ControlSet}\Control\Lsa\{keys[index]}")
                    .SetClassName(Convert.ToHexStringLower(_shuffledBootKey.AsSpan(index * 4, 4)));
            }
        });
        Disk.Value("SECURITY", @"Policy\PolEKList", string.Empty, 0, Seal(BootKey, _lsaKeyId, KeyList(_lsaKeyId, (_lsaKeyId, _lsaKey))));
        Secret("DPAPI_SYSTEM", DpapiSystem, DpapiSystem);
        foreach (string domain in new[] { "PolPrDmN", "PolPrDmS", "PolDnDDN", "PolDnTrN", "PolDnDmG", "PolMachineAccountS", "PolMachineAccountR" })
        {
            Disk.Value("SECURITY", $@"Policy\{domain}", string.Empty, 0, Encoding.Unicode.GetBytes($"{name} {domain}"));
        }
    }

    public WindowsDiskBuilder Disk { get; }

    public byte[] BootKey => Order.Select(index => _shuffledBootKey[index]).ToArray();

    public byte[] DpapiSystem { get; }

    public byte[] LsaKey => _lsaKey;

    public byte[] MachineHalf => DpapiSystem[4..24];

    public byte[] UserHalf => DpapiSystem[24..44];

    public byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    public SealedMachine Secret(string name, byte[] current, byte[]? former = null)
    {
        string key = $@"Policy\Secrets\{name}";
        Disk.Value("SECURITY", $@"{key}\CurrVal", string.Empty, 0, Seal(_lsaKey, _lsaKeyId, current));
        Disk.Value("SECURITY", $@"{key}\OldVal", string.Empty, 0, former is null ? [] : Seal(_lsaKey, _lsaKeyId, former));
        Disk.Value("SECURITY", $@"{key}\CupdTime", string.Empty, 0, BitConverter.GetBytes(WindowsDiskBuilder.Now.ToFileTimeUtc()));
        Disk.Value("SECURITY", $@"{key}\OupdTime", string.Empty, 0, BitConverter.GetBytes(WindowsDiskBuilder.Now.ToFileTimeUtc()));
        Disk.Value("SECURITY", $@"{key}\SecDesc", string.Empty, 0, Bytes(40));
        return this;
    }

    public SealedMachine Domain(string dnsName, byte[] current, byte[] former)
    {
        string parameters = $@"{Disk.ControlSet}\Services\Tcpip\Parameters";
        Disk.Value("SYSTEM", parameters, "Domain", dnsName).Value("SYSTEM", parameters, "NV Domain", dnsName);
        return Secret("$MACHINE.ACC", current, former);
    }

    public SealedMachine MasterKey(Guid id, byte[] plain, bool isOfUser = false) =>
        File(ProtectFolder + (isOfUser ? @"User\" : string.Empty) + id, MasterKeyFile(id, plain, isOfUser));

    public byte[] MasterKeyFile(Guid id, byte[] plain, bool isOfUser = false)
    {
        byte[] half = isOfUser ? UserHalf : MachineHalf;
        byte[] master = SealSection(half, plain);
        byte[] backup = SealSection(half, Bytes(32));
        byte[] history = [3, 0, 0, 0, .. new byte[16]];
        var header = new byte[128];
        header[0] = 2;
        Encoding.Unicode.GetBytes(id.ToString()).CopyTo(header, 12);
        header[92] = 6;
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(96), master.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(104), backup.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(112), history.Length);
        return [.. header, .. master, .. backup, .. history];
    }

    public SealedMachine File(string path, byte[] bytes)
    {
        Disk.File(path, string.Empty).Volume(volume =>
        {
            using IBlockFile stream = volume.OpenStream(GuestPath.Parse(path), writable: true);
            stream.WriteAt(0, bytes);
        });
        return this;
    }

    /// <summary>A ConfigMgr client with one key container, which names a master key.</summary>
    public SealedMachine ConfigMgr(string guid, Guid masterKey)
    {
        Disk.File(@"Windows\SMSCFG.INI", $"SMS Unique Identifier={guid}")
            .Value("SOFTWARE", @"Microsoft\SystemCertificates\SMS\Certificates\9C5C", "Blob", WindowsDiskBuilder.Binary, Bytes(100));
        var provider = new Guid("df9d8cd0-1501-11d1-8c7a-00c04fc297eb");
        return File(
            $@"ProgramData\Microsoft\Crypto\RSA\MachineKeys\{Convert.ToHexStringLower(Bytes(16))}_x",
            [1, 0, 0, 0, .. provider.ToByteArray(), 1, 0, 0, 0, .. masterKey.ToByteArray(), .. Bytes(50)]);
    }

    public SealedMachine WithMachineGuid(string guid)
    {
        Disk.Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", guid);
        return this;
    }

    public static byte[] KeyList(Guid current, params (Guid Id, byte[] Key)[] keys) =>
    [
        1, 0, 0, 0, .. current.ToByteArray(), 1, 0, 0, 0, (byte)keys.Length, 0, 0, 0,
        .. keys.SelectMany(key => (byte[])[.. key.Id.ToByteArray(), 3, 0, 0, 0, 32, 0, 0, 0, .. key.Key]),
    ];

    /// <summary>A secret as this machine's LSA would seal it.</summary>
    public byte[] Seal(byte[] secret) => Seal(_lsaKey, _lsaKeyId, secret);

    /// <summary>Writes the machine's disk as a VHDX file.</summary>
    public void Save(string path)
    {
        using MemoryDisk bytes = Disk.Build();
        using VhdxDisk file = VhdxDisk.CreateDynamic(path, bytes.Length, new VhdxCreateOptions { Files = new HostFileSystem(), NewGuid = Guid.NewGuid });
        byte[] piece = new byte[1 << 16];
        for (long offset = 0; offset < bytes.Length; offset += piece.Length)
        {
            bytes.ReadAt(offset, piece);
            if (piece.AsSpan().IndexOfAnyExcept((byte)0) >= 0)
            {
                file.WriteAt(offset, piece);
            }
        }

        file.Complete();
    }

    public byte[] Seal(byte[] key, Guid keyId, byte[] secret)
    {
        byte[] salt = Bytes(32);
        byte[] padded = new byte[(16 + secret.Length + 15) / 16 * 16];
        BinaryPrimitives.WriteInt32LittleEndian(padded, secret.Length);
        secret.CopyTo(padded, 16);
        using var aes = Aes.Create();
        aes.Key = SHA256.HashData([.. key, .. Enumerable.Repeat(salt, 1000).SelectMany(part => part)]);
        return [0, 0, 0, 1, .. keyId.ToByteArray(), 3, 0, 0, 0, 0, 0, 0, 0, .. salt, .. aes.EncryptEcb(padded, PaddingMode.None)];
    }

    private byte[] SealSection(byte[] half, byte[] plain)
    {
        byte[] salt = Bytes(16);
        byte[] sum = HMACSHA512.HashData(half, (byte[])[.. salt, 0, 0, 0, 1]);
        for (int round = 1; round < Rounds; round++)
        {
            byte[] next = HMACSHA512.HashData(half, sum);
            sum = sum.Zip(next, (left, right) => (byte)(left ^ right)).ToArray();
        }

        byte[] checkSalt = Bytes(16);
        byte[] check = HMACSHA512.HashData(HMACSHA512.HashData(half, checkSalt), plain);
        using var aes = Aes.Create();
        aes.Key = sum[..32];
        return
        [
            2, 0, 0, 0, .. salt, Rounds, 0, 0, 0, 0x0E, 0x80, 0, 0, 0x10, 0x66, 0, 0,
            .. aes.EncryptCbc((byte[])[.. checkSalt, .. check, .. plain], sum[32..48], PaddingMode.None),
        ];
    }
}
