using VmUpdate.Simulation.Support;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>A machine in a domain and a master, and every secret that is sealed on their disks.</summary>
internal sealed class PlantedSecrets
{
    public PlantedSecrets()
    {
        Old = new SealedMachine("PC7", 11).WithMachineGuid("11111111-2222-3333-4444-555555555555").ConfigMgr("GUID:OLD", Key);
        Master = new SealedMachine("MASTER", 12).WithMachineGuid("99999999-2222-3333-4444-555555555555");
        Account = Old.Bytes(64);
        byte[] former = Old.Bytes(64);
        byte[] masterKey = Old.Bytes(64);
        Old.Domain("corp.example", Account, former).MasterKey(Key, masterKey);
        var all = new List<(string Name, byte[] Secret)>
        {
            ("the present machine secret", Account), ("the former machine secret", former), ("the master key", masterKey),
        };
        foreach (SealedMachine machine in new[] { Old, Master })
        {
            all.AddRange(
            [
                ("the machine's half of DPAPI_SYSTEM", machine.MachineHalf), ("LocalSystem's half of DPAPI_SYSTEM", machine.UserHalf),
                ("the LSA key", machine.LsaKey), ("the boot key", machine.BootKey),
            ]);
        }

        All = all;
        foreach ((string name, byte[] secret) in all)
        {
            Search.Add(name, secret);
        }
    }

    /// <summary>The id of the machine's master key.</summary>
    public static Guid Key { get; } = new("01c3883e-8cb8-eead-f75c-ffff739b69dd");

    public SealedMachine Old { get; }

    public SealedMachine Master { get; }

    /// <summary>The secret of the machine's account in its domain.</summary>
    public byte[] Account { get; }

    public IReadOnlyList<(string Name, byte[] Secret)> All { get; }

    /// <summary>Looks for all of them.</summary>
    public SecretSearch Search { get; } = new();
}
