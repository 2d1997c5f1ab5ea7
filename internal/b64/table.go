package b64

// bad is in the entry of every byte outside the alphabet.
const (
	bad = 1 << 24
	x   = bad
)

// tables say, for each of four places, which bits of three bytes a character gives; the
// first byte is the lowest. They stand here written out because making them costs a cold
// start 7 us or more, and a binary that decodes no base64 leaves these 4 kB out.
// TestEveryByte tries every entry.
var tables = [4][256]uint32{
	{
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x,
		x, x, x, 0x0000f8, x, x, x, 0x0000fc,
		0x0000d0, 0x0000d4, 0x0000d8, 0x0000dc, 0x0000e0, 0x0000e4, 0x0000e8, 0x0000ec,
		0x0000f0, 0x0000f4, x, x, x, x, x, x,
		x, 0x000000, 0x000004, 0x000008, 0x00000c, 0x000010, 0x000014, 0x000018,
		0x00001c, 0x000020, 0x000024, 0x000028, 0x00002c, 0x000030, 0x000034, 0x000038,
		0x00003c, 0x000040, 0x000044, 0x000048, 0x00004c, 0x000050, 0x000054, 0x000058,
		0x00005c, 0x000060, 0x000064, x, x, x, x, x,
		x, 0x000068, 0x00006c, 0x000070, 0x000074, 0x000078, 0x00007c, 0x000080,
		0x000084, 0x000088, 0x00008c, 0x000090, 0x000094, 0x000098, 0x00009c, 0x0000a0,
		0x0000a4, 0x0000a8, 0x0000ac, 0x0000b0, 0x0000b4, 0x0000b8, 0x0000bc, 0x0000c0,
		0x0000c4, 0x0000c8, 0x0000cc, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
	},
	{
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x,
		x, x, x, 0x00e003, x, x, x, 0x00f003,
		0x004003, 0x005003, 0x006003, 0x007003, 0x008003, 0x009003, 0x00a003, 0x00b003,
		0x00c003, 0x00d003, x, x, x, x, x, x,
		x, 0x000000, 0x001000, 0x002000, 0x003000, 0x004000, 0x005000, 0x006000,
		0x007000, 0x008000, 0x009000, 0x00a000, 0x00b000, 0x00c000, 0x00d000, 0x00e000,
		0x00f000, 0x000001, 0x001001, 0x002001, 0x003001, 0x004001, 0x005001, 0x006001,
		0x007001, 0x008001, 0x009001, x, x, x, x, x,
		x, 0x00a001, 0x00b001, 0x00c001, 0x00d001, 0x00e001, 0x00f001, 0x000002,
		0x001002, 0x002002, 0x003002, 0x004002, 0x005002, 0x006002, 0x007002, 0x008002,
		0x009002, 0x00a002, 0x00b002, 0x00c002, 0x00d002, 0x00e002, 0x00f002, 0x000003,
		0x001003, 0x002003, 0x003003, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
	},
	{
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x,
		x, x, x, 0x800f00, x, x, x, 0xc00f00,
		0x000d00, 0x400d00, 0x800d00, 0xc00d00, 0x000e00, 0x400e00, 0x800e00, 0xc00e00,
		0x000f00, 0x400f00, x, x, x, x, x, x,
		x, 0x000000, 0x400000, 0x800000, 0xc00000, 0x000100, 0x400100, 0x800100,
		0xc00100, 0x000200, 0x400200, 0x800200, 0xc00200, 0x000300, 0x400300, 0x800300,
		0xc00300, 0x000400, 0x400400, 0x800400, 0xc00400, 0x000500, 0x400500, 0x800500,
		0xc00500, 0x000600, 0x400600, x, x, x, x, x,
		x, 0x800600, 0xc00600, 0x000700, 0x400700, 0x800700, 0xc00700, 0x000800,
		0x400800, 0x800800, 0xc00800, 0x000900, 0x400900, 0x800900, 0xc00900, 0x000a00,
		0x400a00, 0x800a00, 0xc00a00, 0x000b00, 0x400b00, 0x800b00, 0xc00b00, 0x000c00,
		0x400c00, 0x800c00, 0xc00c00, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
	},
	{
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x,
		x, x, x, 0x3e0000, x, x, x, 0x3f0000,
		0x340000, 0x350000, 0x360000, 0x370000, 0x380000, 0x390000, 0x3a0000, 0x3b0000,
		0x3c0000, 0x3d0000, x, x, x, x, x, x,
		x, 0x000000, 0x010000, 0x020000, 0x030000, 0x040000, 0x050000, 0x060000,
		0x070000, 0x080000, 0x090000, 0x0a0000, 0x0b0000, 0x0c0000, 0x0d0000, 0x0e0000,
		0x0f0000, 0x100000, 0x110000, 0x120000, 0x130000, 0x140000, 0x150000, 0x160000,
		0x170000, 0x180000, 0x190000, x, x, x, x, x,
		x, 0x1a0000, 0x1b0000, 0x1c0000, 0x1d0000, 0x1e0000, 0x1f0000, 0x200000,
		0x210000, 0x220000, 0x230000, 0x240000, 0x250000, 0x260000, 0x270000, 0x280000,
		0x290000, 0x2a0000, 0x2b0000, 0x2c0000, 0x2d0000, 0x2e0000, 0x2f0000, 0x300000,
		0x310000, 0x320000, 0x330000, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
		x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
	},
}
