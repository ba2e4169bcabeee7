using VmUpdate.Core.Tests.Identity.Secrets;

namespace VmUpdate.Simulation.Console;

/// <summary>A machine's disk and a master, each with secrets, and what those are: <c>name=hexadecimal digits</c>, a line each.</summary>
internal static class SealedDisks
{
    private static readonly Guid Key = new("01c3883e-8cb8-eead-f75c-ffff739b69dd");

    public static void Write(string folder)
    {
        SealedMachine old = new SealedMachine("PC7", 11).WithMachineGuid("11111111-2222-3333-4444-555555555555").ConfigMgr("GUID:OLD", Key);
        SealedMachine master = new SealedMachine("MASTER", 12).WithMachineGuid("99999999-2222-3333-4444-555555555555");
        byte[] account = old.Bytes(64);
        byte[] former = old.Bytes(64);
        byte[] masterKey = old.Bytes(64);
        old.Domain("corp.example", account, former).MasterKey(Key, masterKey);
        old.Save(Path.Combine(folder, "old.vhdx"));
        master.Save(Path.Combine(folder, "master.vhdx"));
        var secrets = new List<(string Name, byte[] Secret)> { ("account", account), ("former", former), ("master key", masterKey) };
        foreach (SealedMachine machine in new[] { old, master })
        {
            secrets.AddRange([("machine half", machine.MachineHalf), ("user half", machine.UserHalf), ("LSA key", machine.LsaKey), ("boot key", machine.BootKey)]);
        }

        File.WriteAllLines(Path.Combine(folder, "secrets.txt"), secrets.Select(secret => $"{secret.Name}={Convert.ToHexString(secret.Secret)}"));
    }
}
